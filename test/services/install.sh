#!/bin/sh
# Installs what the tests run against and a bare Debian or Ubuntu lacks: Samba AD, PostgreSQL, rsyslog, Chromium, fonts.
# Does nothing where it cannot (no apt, not root): the tests then say loudly what did not run.
set -eu

missing=""
command -v samba-tool >/dev/null 2>&1 || missing="$missing samba samba-ad-dc samba-ad-provision winbind smbclient ldb-tools python3-samba"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
ls /usr/lib/*/rsyslog/lmnsd_ossl.so >/dev/null 2>&1 || missing="$missing rsyslog rsyslog-openssl"
ls /usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf >/dev/null 2>&1 || missing="$missing fonts-noto-core"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed, because this is not root on Debian or Ubuntu:$missing" >&2
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
