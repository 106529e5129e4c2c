#!/usr/bin/env bash
# Makes in folder $4 what Rocky's, EPEL's and PGDG's servers serve: rpm packages, signed by key $3, from the Debian packages in folder $1
# and the PostgreSQL 14 in folder $2.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=test/support/guests/rpm/build.sh
source "$here/../rpm/build.sh"

# Modules that Apache HTTP Server loads on EL, beside mod_ssl.
readonly MODULES=(mpm_event authn_core authz_core authz_host allowmethods alias dir env mime setenvif socache_shmcb proxy proxy_http)

stage_postgresql() {
  local postgresql=$1 debian=$2 home=$3
  mkdir -p "$home"
  cp -a "$postgresql"/{bin,lib,share} "$home"
  rm -r "$home"/lib/{pkgconfig,*.a}
  cp "$debian"/usr/lib/postgresql/15/bin/* "$home/bin"
  chmod 0755 "$home"/bin/*
}

stage_rocky() {
  local debian=$1 out=$2 modules=$2/usr/lib64/httpd/modules module
  mkdir -p "$out"/{usr/bin,usr/lib64,usr/libexec,etc/pki/rpm-gpg,etc/httpd/conf.modules.d,etc/dnf/plugins,usr/lib/python3/dist-packages/dnf-plugins} "$modules"
  cp "$debian"/usr/bin/{jq,openssl} "$out/usr/bin"
  cp "$debian"/etc/dnf/plugins/versionlock.* "$out/etc/dnf/plugins"
  cp "$debian"/usr/lib/python3/dist-packages/dnf-plugins/versionlock.py "$out/usr/lib/python3/dist-packages/dnf-plugins"
  cp -L "$debian"/usr/lib/x86_64-linux-gnu/libssh2.so.1 "$out/usr/lib64"
  cp "$debian/usr/sbin/apache2" "$out/usr/libexec/httpd"
  for module in ssl "${MODULES[@]}"; do cp "$debian/usr/lib/apache2/modules/mod_$module.so" "$modules"; done
  printf 'LoadModule %s_module modules/mod_%s.so\n' ssl ssl >"$out/etc/httpd/conf.modules.d/00-ssl.conf"
  for module in "${MODULES[@]}"; do printf 'LoadModule %s_module modules/mod_%s.so\n' "$module" "$module"; done >"$out/etc/httpd/conf.modules.d/00-base.conf"
}

stage() {
  local archives=$1 postgresql=$2 key=$3 stage=$4 debian=$4/debian name
  unpack "$archives" "$debian" pgbackrest barman python3-barman postgresql-client-15 jq openssl dnf-plugins-core libssh2-1 apache2-bin
  cp -a "$here/files/." "$stage"
  stage_pgdg "$debian" "$stage/pgdg" 14 /usr/bin/python3
  stage_postgresql "$postgresql" "$debian" "$stage/pgdg/usr/pgsql-14"
  stage_rocky "$debian" "$stage/rocky"
  for name in RPM-GPG-KEY-{rockyofficial,EPEL-8} PGDG-RPM-GPG-KEY-RHEL; do gpg --armor --export "$key" >"$stage/rocky/etc/pki/rpm-gpg/$name"; done
}

main() {
  local archives=$1 postgresql=$2 key=$3 www=$4 scratch
  local pgdg=$www/download.postgresql.org/pub/repos/yum rocky=$www/dl.rockylinux.org/pub/rocky/8 fedora=$www/dl.fedoraproject.org/pub/epel
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -r '$scratch'" EXIT
  stage "$archives" "$postgresql" "$key" "$scratch/stage"
  build "$scratch" "$here/rocky.spec"
  build "$scratch" "$here/../rpm/pgdg.spec" 'major 14' 'postgresql 14.23' 'system rhel8' 'needs openssl-libs, lz4-libs, libzstd, libssh2' \
    'extensions share/postgresql/extension' 'modules lib/postgresql' \
    "pgbackrest $(version_of "$archives" pgbackrest)" "barman $(version_of "$archives" barman)"
  sign "$scratch" "$key"
  publish "$scratch/rocky" "$rocky/BaseOS/x86_64/os" rocky-release rocky-repos guest-base openssl curl cronie
  publish "$scratch/rocky" "$rocky/AppStream/x86_64/os" jq python3-dnf-plugin-versionlock postgresql postgresql-server postgresql-contrib \
    httpd mod_ssl python3-pip python3-setuptools python3-wheel python3-requests
  modifyrepo_c --mdtype=modules "$here/modules.yaml" "$rocky/AppStream/x86_64/os/repodata" >/dev/null
  publish "$scratch/rocky" "$fedora/8/Everything/x86_64" libssh2 python3-gunicorn python3-flask
  publish "$scratch/pgdg" "$pgdg/common/redhat/rhel-8-x86_64" pgbackrest barman python3-barman
  publish "$scratch/pgdg" "$pgdg/14/redhat/rhel-8-x86_64" postgresql14 postgresql14-libs postgresql14-server postgresql14-contrib
  sign_repositories "$key" "$pgdg"/{common,14}/redhat/rhel-8-x86_64
  cp "$scratch"/rocky/RPMS/*/epel-release-*.rpm "$fedora/epel-release-latest-8.noarch.rpm"
  mkdir -p "$pgdg/reporpms/EL-8-x86_64"
  cp "$scratch"/rocky/RPMS/*/pgdg-redhat-repo-*.rpm "$pgdg/reporpms/EL-8-x86_64/pgdg-redhat-repo-latest.noarch.rpm"
}

main "$@" </dev/null
