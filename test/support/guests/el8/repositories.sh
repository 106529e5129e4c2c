#!/usr/bin/env bash
# Makes in folder $4 what Rocky's, EPEL's and PGDG's servers serve: rpm packages, signed by key $3, from the Debian packages in folder $1
# and the PostgreSQL 14 in folder $2.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

stage() {
  local archives=$1 postgresql=$2 key=$3 stage=$4 package name
  mkdir -p "$stage/debian"
  for package in pgbackrest postgresql-client-15 jq openssl dnf-plugins-core libssh2-1; do
    dpkg-deb -x "$archives/$package"_*.deb "$stage/debian"
  done
  cp -a "$here/files/." "$stage"
  mkdir -p "$stage"/rocky/{usr/bin,etc/pki/rpm-gpg,etc/dnf/plugins,usr/lib/python3/dist-packages/dnf-plugins}
  cp "$stage"/debian/usr/bin/{jq,openssl} "$stage/rocky/usr/bin"
  cp "$stage"/debian/etc/dnf/plugins/versionlock.* "$stage/rocky/etc/dnf/plugins"
  cp "$stage"/debian/usr/lib/python3/dist-packages/dnf-plugins/versionlock.py "$stage/rocky/usr/lib/python3/dist-packages/dnf-plugins"
  mkdir -p "$stage"/pgdg/{usr/bin,usr/lib64,etc/pki/rpm-gpg}
  cp "$stage/debian/usr/bin/pgbackrest" "$stage/pgdg/usr/bin"
  cp -L "$stage"/debian/usr/lib/x86_64-linux-gnu/libssh2.so.1 "$stage/pgdg/usr/lib64"
  cp -a "$postgresql"/{bin,lib,share} "$stage/pgdg/usr/pgsql-14"
  rm -r "$stage"/pgdg/usr/pgsql-14/lib/{pkgconfig,*.a}
  cp "$stage"/debian/usr/lib/postgresql/15/bin/* "$stage/pgdg/usr/pgsql-14/bin"
  chmod 0755 "$stage"/pgdg/usr/pgsql-14/bin/*
  for name in rocky/etc/pki/rpm-gpg/RPM-GPG-KEY-{rockyofficial,EPEL-8} pgdg/etc/pki/rpm-gpg/PGDG-RPM-GPG-KEY-RHEL; do
    gpg --armor --export "$key" >"$stage/$name"
  done
}

# A repository, of the built packages whose names begin with these.
publish() {
  local rpms=$1 folder=$2 name
  shift 2
  mkdir -p "$folder"
  for name in "$@"; do cp "$rpms"/*/"$name"-[0-9]*.rpm "$folder"; done
  createrepo_c --quiet "$folder"
}

main() {
  local archives=$1 postgresql=$2 key=$3 www=$4 scratch version spec
  local pgdg=$www/download.postgresql.org/pub/repos/yum rocky=$www/dl.rockylinux.org/pub/rocky/8
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -r '$scratch'" EXIT
  stage "$archives" "$postgresql" "$key" "$scratch/stage"
  version=$(dpkg-deb -f "$archives"/pgbackrest_*.deb Version)
  for spec in rocky pgdg; do
    rpmbuild -bb --quiet --target x86_64 --define "_topdir $scratch/rpm" --define "_dbpath $scratch/db" --define "stage $scratch/stage" \
      --define "pgbackrest ${version%-*}" --define '_buildshell /bin/bash' --define '_binary_payload w1.gzdio' --define '_build_id_links none' "$here/$spec.spec"
  done
  rpmsign --define "_gpg_name $key" --define "__gpg $(type -P gpg)" --addsign "$scratch"/rpm/RPMS/*/*.rpm >/dev/null 2>&1
  publish "$scratch/rpm/RPMS" "$rocky/BaseOS/x86_64/os" rocky-release rocky-repos guest-base openssl
  publish "$scratch/rpm/RPMS" "$rocky/AppStream/x86_64/os" jq python3-dnf-plugin-versionlock postgresql postgresql-server postgresql-contrib
  modifyrepo_c --mdtype=modules "$here/modules.yaml" "$rocky/AppStream/x86_64/os/repodata" >/dev/null
  publish "$scratch/rpm/RPMS" "$www/dl.fedoraproject.org/pub/epel/8/Everything/x86_64" libssh2
  publish "$scratch/rpm/RPMS" "$pgdg/common/redhat/rhel-8-x86_64" pgbackrest pgdg-redhat-repo
  publish "$scratch/rpm/RPMS" "$pgdg/14/redhat/rhel-8-x86_64" postgresql14 postgresql14-libs postgresql14-server postgresql14-contrib
  for repository in "$pgdg"/{common,14}/redhat/rhel-8-x86_64; do
    gpg --quiet --local-user "$key" --armor --detach-sign "$repository/repodata/repomd.xml"
  done
  cp "$scratch"/rpm/RPMS/*/epel-release-*.rpm "$www/dl.fedoraproject.org/pub/epel/epel-release-latest-8.noarch.rpm"
  mkdir -p "$pgdg/reporpms/EL-8-x86_64"
  cp "$pgdg"/common/redhat/rhel-8-x86_64/pgdg-redhat-repo-*.rpm "$pgdg/reporpms/EL-8-x86_64/pgdg-redhat-repo-latest.noarch.rpm"
}

main "$@" </dev/null
