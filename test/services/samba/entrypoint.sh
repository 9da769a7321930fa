#!/bin/sh
# Provisions the domain at the first start, then runs Samba in the foreground. SAMBA_NAMES: more host names for the
# certificate, such as the name of the service in docker-compose.yml.
set -eu

if [ ! -e /srv/samba/ready ]; then
  rm -rf /srv/samba/dc
  # shellcheck disable=SC2086  # one name a word
  INTERFACES=${INTERFACES:-lo eth0} /bin/sh /opt/provision/provision.sh /srv/samba/dc ${SAMBA_NAMES:-samba}
  touch /srv/samba/ready
fi
# Where others find the authority to trust, and nothing else of the domain.
[ ! -d /srv/authority ] || install -m 0644 /srv/samba/dc/private/tls/ca.pem /srv/authority/ca.pem
exec samba -s /srv/samba/dc/etc/smb.conf -F --no-process-group
