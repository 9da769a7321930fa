#!/bin/sh
# Installs what the tests run against and a bare Debian or Ubuntu lacks: Samba AD, PostgreSQL, rsyslog, Chromium, fonts,
# and the npm package kerberos, whose own install script is not run (package.json, allowScripts): it would fail `npm ci`
# wherever there is neither its download nor a compiler.
# Does nothing where it cannot (no apt, not root): the tests then say loudly what did not run.
set -eu

missing=""
command -v samba-tool >/dev/null 2>&1 || missing="$missing samba samba-ad-dc samba-ad-provision winbind smbclient ldb-tools python3-samba"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
ls /usr/lib/*/rsyslog/lmnsd_ossl.so >/dev/null 2>&1 || missing="$missing rsyslog rsyslog-openssl"
ls /usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf >/dev/null 2>&1 || missing="$missing fonts-noto-core"
ls /usr/include/krb5.h /usr/include/*/krb5.h >/dev/null 2>&1 || missing="$missing libkrb5-dev"
command -v c++ >/dev/null 2>&1 || missing="$missing g++"
command -v make >/dev/null 2>&1 || missing="$missing make"
command -v python3 >/dev/null 2>&1 || missing="$missing python3"

# Against the headers that the npm package node brings: nothing comes from anywhere but the registry.
build_kerberos() {
  cd "$(dirname "$0")/../.."
  node -e 'require("kerberos")' >/dev/null 2>&1 && return
  headers=$(ls -d node_modules/node/node_modules/node-*/include 2>/dev/null | head -n 1)
  [ -z "$headers" ] || export npm_config_nodedir="$PWD/${headers%/include}"
  log=$(mktemp)
  npm run --prefix node_modules/kerberos install >"$log" 2>&1 || { tail -n 20 "$log" >&2; echo 'Not built: kerberos' >&2; }
  rm -f "$log"
}

[ -n "$missing" ] || { build_kerberos; exit 0; }

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed, because this is not root on Debian or Ubuntu:$missing" >&2
  build_kerberos
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# Older releases have the domain controller inside the package samba: names that apt does not know are left out.
known=""
for name in $missing; do
  apt-cache show "$name" >/dev/null 2>&1 && known="$known $name"
done
# Nothing may begin to listen by itself: the tests start what they need, in folders of their own.
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; made=yes; }
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $known
[ "${made:-no}" = no ] || rm -f "$policy"
build_kerberos
