#!/usr/bin/env bash
# Makes in folder $4 what Debian's and PGDG's servers serve: the Debian packages of folder $1, and by key $3 a signed repository of
# PGDG's packages, built around the PostgreSQL 14 in folder $2 and Debian's pgBackRest.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

# The control file of a package, from its template here.
control() {
  local name=$1 folder=$2
  mkdir -p "$folder/DEBIAN"
  cp "$here/$name.control" "$folder/DEBIAN/control"
}

build_postgresql() {
  local archives=$1 postgresql=$2 scratch=$3 pool=$4
  local server=$scratch/server/usr/lib/postgresql/14 client=$scratch/client/usr/lib/postgresql/14
  control postgresql-14 "$scratch/server"
  install -m 0755 "$here/postgresql-14.postinst" "$scratch/server/DEBIAN/postinst"
  mkdir -p "$server/share" "$scratch/server/usr/share/postgresql" "$client"
  cp -a "$postgresql"/{bin,lib} "$server"
  rm -r "$server"/lib/{pkgconfig,*.a}
  chmod 0755 "$server"/bin/*
  cp -a "$postgresql/share/postgresql" "$scratch/server/usr/share/postgresql/14"
  ln -s /usr/share/postgresql/14 "$server/share/postgresql"
  dpkg-deb -x "$archives"/postgresql-client-15_*.deb "$scratch/debian"
  control postgresql-client-14 "$scratch/client"
  cp -r "$scratch/debian/usr/lib/postgresql/15/bin" "$client"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$scratch/server" "$pool" >/dev/null
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$scratch/client" "$pool" >/dev/null
}

# A Debian package again, with what the commands in $4 change in its folder.
rebuild() {
  local package=$1 scratch=$2 out=$3 change=$4
  dpkg-deb -R "$package" "$scratch"
  (cd "$scratch" && eval "$change")
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$scratch" "$out" >/dev/null
}

main() {
  local archives=$1 postgresql=$2 key=$3 www=$4 scratch
  local debian=$www/debian.mirror apt=$www/apt.postgresql.org/pub/repos/apt suite=dists/bookworm-pgdg
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -r '$scratch'" EXIT
  mkdir -p "$debian" "$apt/pool" "$apt/$suite/main/binary-amd64"
  cp "$archives"/*.deb "$debian"
  rm "$debian"/postgresql-common_*.deb
  # PGDG's repository is known by its key, which Debian's package brings: here it is the key of the tests.
  rebuild "$archives"/postgresql-common_*.deb "$scratch/common" "$debian" \
    "rm usr/share/postgresql-common/pgdg/*.asc; gpg --export '$key' >usr/share/postgresql-common/pgdg/apt.postgresql.org.gpg"
  (cd "$debian" && apt-ftparchive packages . >Packages)
  rebuild "$archives"/pgbackrest_*.deb "$scratch/pgbackrest" "$apt/pool" "sed -i '/^Version:/s/$/.pgdg12+1/' DEBIAN/control"
  build_postgresql "$archives" "$postgresql" "$scratch" "$apt/pool"
  (cd "$apt" && apt-ftparchive packages pool >"$suite/main/binary-amd64/Packages")
  (cd "$apt/$suite" && apt-ftparchive -o APT::FTPArchive::Release::Codename=bookworm-pgdg -o APT::FTPArchive::Release::Suite=bookworm-pgdg \
    -o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures=amd64 release . >"$scratch/Release")
  mv "$scratch/Release" "$apt/$suite/Release"
  gpg --quiet --local-user "$key" --clearsign --output "$apt/$suite/InRelease" "$apt/$suite/Release"
}

main "$@" </dev/null
