#!/usr/bin/env bash
# Makes in folder $4 what SUSE's and PGDG's servers serve: rpm packages, signed by key $3, from the Debian packages in folder $1, PostgreSQL 17
# among them.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=test/support/guests/rpm/build.sh
source "$here/../rpm/build.sh"

# In the layout below $2 in which it finds its own folders, which begins as Debian's does.
stage_postgresql() {
  local debian=$1 home=$2 program
  mkdir -p "$home"/{bin,lib,share}
  cp -a "$debian/usr/lib/postgresql" "$home/lib"
  cp -a "$debian/usr/share/postgresql" "$home/share"
  cp -L "$debian/usr/lib/x86_64-linux-gnu/libpq.so.5" "$home/lib"
  # What compiles queries needs 100 MB of libraries.
  rm -r "$home"/lib/postgresql/17/lib/{bitcode,llvmjit*}
  for program in "$home"/lib/postgresql/17/bin/*; do ln -s "../lib/postgresql/17/bin/$(basename "$program")" "$home/bin"; done
}

stage_suse() {
  local debian=$1 out=$2 python
  mkdir -p "$out"/{etc/pki,usr/bin,usr/sbin,usr/lib64}
  cp -r "$debian/usr/lib/apache2/modules" "$out/usr/lib64/apache2"
  cp "$debian/usr/sbin/apache2" "$out/usr/sbin/httpd-prefork"
  python=$(readlink "$debian/usr/bin/python3")
  ln -s "$python" "$out/usr/bin/python3.11"
}

stage() {
  local archives=$1 key=$2 stage=$3 debian=$3/debian
  unpack "$archives" "$debian" pgbackrest barman python3-barman python3-minimal postgresql-17 postgresql-client-17 libpq5 apache2-bin
  cp -a "$here/files/." "$stage"
  stage_pgdg "$debian" "$stage/pgdg" 17 /usr/bin/python3.11
  stage_postgresql "$debian" "$stage/pgdg/usr/pgsql-17"
  stage_suse "$debian" "$stage/suse"
  gpg --armor --export "$key" >"$stage/suse/etc/pki/PGDG-RPM-GPG-KEY-SLES15"
}

main() {
  local archives=$1 key=$3 www=$4 scratch
  local pgdg=$www/download.postgresql.org/pub/repos/zypp suse=$www/updates.suse.com/SUSE/Updates/SLES/15-SP6/x86_64/update
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -r '$scratch'" EXIT
  stage "$archives" "$key" "$scratch/stage"
  build "$scratch" "$here/suse.spec"
  build "$scratch" "$here/../rpm/pgdg.spec" 'major 17' "postgresql $(version_of "$archives" postgresql-17)" 'system sles15' \
    'needs libopenssl1_1, liblz4-1, libzstd1, libssh2-1' 'extensions share/postgresql/17/extension' 'modules lib/postgresql/17/lib' \
    "pgbackrest $(version_of "$archives" pgbackrest)" "barman $(version_of "$archives" barman)"
  sign "$scratch" "$key"
  publish "$scratch/suse" "$suse" sles-release guest-base postgresql17-server curl jq openssl cronie apache2 \
    python311-{pip,setuptools,wheel,gunicorn,Flask,requests}
  publish "$scratch/pgdg" "$pgdg/common/suse/sles-15.6-x86_64" pgbackrest barman python3-barman
  publish "$scratch/pgdg" "$pgdg/17/suse/sles-15.6-x86_64" postgresql17 postgresql17-libs postgresql17-server postgresql17-contrib
  sign_repositories "$key" "$suse" "$pgdg"/{common,17}/suse/sles-15.6-x86_64
  mkdir -p "$pgdg"/{keys,reporpms/SLES-15-x86_64}
  gpg --armor --export "$key" >"$pgdg/keys/PGDG-RPM-GPG-KEY-SLES15"
  cp "$scratch"/suse/RPMS/*/pgdg-suse-repo-*.rpm "$pgdg/reporpms/SLES-15-x86_64/pgdg-suse-repo-latest.noarch.rpm"
}

main "$@" </dev/null
