#!/usr/bin/env bash
# What the guests whose packages are rpms share: PGDG's packages, and repositories.

# Unpacks packages $3… of the Debian packages in folder $1 into folder $2.
unpack() {
  local archives=$1 out=$2 package
  mkdir -p "$out"
  for package in "${@:3}"; do dpkg-deb -x "$archives/$package"_*.deb "$out"; done
}

# The version of a Debian package in folder $1, without the parts that are Debian's.
version_of() {
  dpkg-deb -f "$1/$2"_*.deb Version | sed 's/.*://; s/[-+~].*//'
}

# Stages in folder $2 what PGDG's packages hold beside PostgreSQL $3, of the Debian packages unpacked in folder $1. Barman runs under $4.
stage_pgdg() {
  local debian=$1 out=$2 major=$3 python=$4 shared file place mode
  shared=$(dirname "${BASH_SOURCE[0]}")
  mkdir -p "$out"/{etc,usr/bin,usr/lib/python3/dist-packages}
  cp "$debian/usr/bin/pgbackrest" "$out/usr/bin"
  cp -r "$debian"/etc/barman.{conf,d} "$out/etc"
  cp -r "$debian"/usr/lib/python3/dist-packages/barman* "$out/usr/lib/python3/dist-packages"
  sed "1s|.*|#!$python|" "$debian/usr/bin/barman" >"$out/usr/bin/barman"
  chmod 0755 "$out/usr/bin/barman"
  while read -r mode file place; do
    sed "s/@major@/$major/g" "$shared/$file" | install -D -m "$mode" /dev/stdin "$out/$place"
  done <<END
0644 postgresql.service usr/lib/systemd/system/postgresql-$major.service
0644 postgresql.tmpfiles usr/lib/tmpfiles.d/postgresql-$major.conf
0755 postgresql-setup.sh usr/pgsql-$major/bin/postgresql-$major-setup
0755 postgresql-check-db-dir.sh usr/pgsql-$major/bin/postgresql-$major-check-db-dir
0644 pgbackrest.service usr/lib/systemd/system/pgbackrest.service
0644 pgbackrest.logrotate etc/logrotate.d/pgbackrest
0644 pgbackrest.conf etc/pgbackrest.conf
END
  for file in cron.d logrotate.d; do install -D -m 0644 "$debian/etc/$file/barman" "$out/etc/$file/barman"; done
}

# Builds in folder $1, from its folder `stage`, the packages of spec $2, in a folder of the spec's name; its macros are $3….
build() {
  local scratch=$1 spec=$2 definition
  local -a definitions=()
  for definition in "stage $scratch/stage" "_topdir $scratch/$(basename "$spec" .spec)" "_dbpath $scratch/db" '_buildshell /bin/bash' \
    '_binary_payload w1.gzdio' '_build_id_links none' "${@:3}"; do definitions+=(--define "$definition"); done
  rpmbuild -bb --quiet --target x86_64 "${definitions[@]}" "$spec"
}

# Signs the packages built in folder $1 by key $2.
sign() {
  rpmsign --define "_gpg_name $2" --define "__gpg $(type -P gpg)" --addsign "$1"/*/RPMS/*/*.rpm >/dev/null 2>&1
}

# Makes in folder $2 a repository of the packages built in folder $1 whose names begin with $3….
publish() {
  local built=$1 folder=$2 name
  mkdir -p "$folder"
  for name in "${@:3}"; do cp "$built/RPMS"/*/"$name"-[0-9]*.rpm "$folder"; done
  createrepo_c --quiet "$folder"
}

# Signs repositories $2… by key $1.
sign_repositories() {
  local repository
  for repository in "${@:2}"; do gpg --quiet --local-user "$1" --armor --detach-sign "$repository/repodata/repomd.xml"; done
}
