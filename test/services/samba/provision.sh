#!/bin/sh
# Provisions a Samba AD domain controller for tests: domain, certificate, password policy, OUs and the least-privilege
# service account. Used by the test run and by the container image alike. Works offline; starts nothing.
#
#   provision.sh DIR [EXTRA_NAME ...]
#
# DIR must not exist or be empty. EXTRA_NAMEs are more host names for the certificate.
# Reads ADMIN_PASSWORD and SERVICE_PASSWORD from the environment.
set -eu

dir=$1
shift
realm=${REALM:-CORP.EXAMPLE.TEST}
domain=${DOMAIN:-CORP}
: "${ADMIN_PASSWORD:?}" "${SERVICE_PASSWORD:?}"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
dns=$(printf %s "$realm" | tr '[:upper:]' '[:lower:]')
host=dc1.$dns

# The first password is thrown away: the real ones are set below from the environment, where no process list shows them.
# Windows ACLs of files go into a database, as only CAP_SYS_ADMIN may write the attributes that they are kept in.
samba-tool domain provision --targetdir="$dir" --realm="$realm" --domain="$domain" --server-role=dc \
  --option='vfs objects=dfs_samba4 acl_xattr xattr_tdb' --option="xattr_tdb:file=$dir/xattr.tdb" \
  --dns-backend=NONE --host-name=dc1 --host-ip=127.0.0.1 --option='interfaces=lo' \
  --option='bind interfaces only=yes' >"$dir.log" 2>&1 || { cat "$dir.log" >&2; exit 1; }
rm -f "$dir.log"

tls=$dir/private/tls
mkdir -p "$tls"
names="DNS:$host,DNS:localhost,IP:127.0.0.1"
for name in "$@"; do names="$names,DNS:$name"; done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$domain Test CA" \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
  -keyout "$tls/ca-key.pem" -out "$tls/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/CN=$host" -keyout "$tls/key.pem" -out "$tls/request.pem" 2>/dev/null
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names" >"$tls/extensions"
openssl x509 -req -in "$tls/request.pem" -CA "$tls/ca.pem" -CAkey "$tls/ca-key.pem" -CAcreateserial -days 90 \
  -extfile "$tls/extensions" -out "$tls/cert.pem" 2>/dev/null
# Samba refuses TLS when others may read the key.
chmod 0600 "$tls/key.pem" "$tls/ca-key.pem"

# Our own file instead of the distribution's: nothing outside DIR is read or written, and only what tests need runs.
conf=$dir/etc/smb.conf
cat >"$conf" <<END
[global]
  realm = $realm
  workgroup = $domain
  netbios name = DC1
  server role = active directory domain controller
  server services = ldap, cldap, kdc
  interfaces = ${INTERFACES:-lo}
  bind interfaces only = yes
  private dir = $dir/private
  state directory = $dir/state
  cache directory = $dir/cache
  lock directory = $dir
  pid directory = $dir
  ncalrpc dir = $dir/ncalrpc
  binddns dir = $dir/bind-dns
  # Otherwise the previous password keeps working for an hour, and no test could prove a reset from outside.
  old password allowed period = 0
  logging = file
  log file = $dir/samba.log
  tls enabled = yes
  tls cafile = $tls/ca.pem
  tls certfile = $tls/cert.pem
  tls keyfile = $tls/key.pem
END

"${SAMBA_PYTHON:-/usr/bin/python3}" "$here/populate.py" "$conf" "$dir/private/sam.ldb"
