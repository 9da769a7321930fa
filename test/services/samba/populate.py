"""Fills a freshly provisioned domain: password policy, OUs, passwords, service account and its rights.

Passwords come from the environment, never from the command line. Called by provision.sh.
"""

import os
import sys

import ldb
from samba.auth import system_session
from samba.ndr import ndr_pack, ndr_unpack
from samba.dcerpc import security
from samba.param import LoadParm
from samba.samdb import SamDB

RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
LOCKOUT_TIME = "28630ebf-41d5-11d1-a9c1-0000f80367c1"
PWD_LAST_SET = "bf967a0a-0de6-11d0-a285-00aa003049e2"
USER_CLASS = "bf967aba-0de6-11d0-a285-00aa003049e2"

MINUTE = 60 * 10_000_000


def main(conf, database):
    parameters = LoadParm()
    parameters.load(conf)
    sam = SamDB(url=database, session_info=system_session(), lp=parameters)
    base = sam.domain_dn()
    set_policy(sam, base)
    for name in ("People", "Services", "Former"):
        sam.add({"dn": f"OU={name},{base}", "objectClass": "organizationalUnit"})
    sam.setpassword("(sAMAccountName=Administrator)", os.environ["ADMIN_PASSWORD"])
    service = f"CN=svc-latchkey,OU=Services,{base}"
    sam.newuser("svc-latchkey", os.environ["SERVICE_PASSWORD"], userou="OU=Services")
    sid = sid_of(sam, service)
    delegate(sam, f"OU=People,{base}", sid)
    let_read(sam, f"CN=Password Settings Container,CN=System,{base}", sid)


def set_policy(sam, base):
    """Lockout after 5, length 8, no minimum age, history 3, complexity."""
    message = ldb.Message(ldb.Dn(sam, base))
    values = {
        "lockoutThreshold": 5,
        "lockoutDuration": -30 * MINUTE,
        "lockOutObservationWindow": -30 * MINUTE,
        "minPwdLength": 8,
        "minPwdAge": 0,
        "pwdHistoryLength": 3,
        "pwdProperties": 1,
    }
    for name, value in values.items():
        message[name] = ldb.MessageElement(str(value), ldb.FLAG_MOD_REPLACE, name)
    sam.modify(message)


def sid_of(sam, dn):
    entry = sam.search(base=dn, scope=ldb.SCOPE_BASE, attrs=["objectSid"])[0]
    return ndr_unpack(security.dom_sid, entry["objectSid"][0])


def delegate(sam, dn, sid):
    """Reset Password, and read and write of lockoutTime and pwdLastSet, on people below this place."""
    add_aces(
        sam,
        dn,
        f"(OA;CIIO;CR;{RESET_PASSWORD};{USER_CLASS};{sid})"
        f"(OA;CIIO;RPWP;{LOCKOUT_TIME};{USER_CLASS};{sid})"
        f"(OA;CIIO;RPWP;{PWD_LAST_SET};{USER_CLASS};{sid})",
    )


def let_read(sam, dn, sid):
    """Fine-grained policies are readable by administrators only unless this is granted."""
    add_aces(sam, dn, f"(A;CI;RPLCRC;;;{sid})")


def add_aces(sam, dn, sddl):
    entry = sam.search(base=dn, scope=ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"])[0]
    descriptor = ndr_unpack(security.descriptor, entry["nTSecurityDescriptor"][0])
    domain_sid = security.dom_sid(sam.get_domain_sid())
    for ace in security.descriptor.from_sddl("D:" + sddl, domain_sid).dacl.aces:
        descriptor.dacl_add(ace)
    message = ldb.Message(ldb.Dn(sam, dn))
    message["sd"] = ldb.MessageElement(ndr_pack(descriptor), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    sam.modify(message)


main(sys.argv[1], sys.argv[2])
