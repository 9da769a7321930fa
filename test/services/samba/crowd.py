"""Fills a provisioned domain with many people, before Samba is started: over LDAP a person takes some 10 ms.

    crowd.py CONFIGURATION DATABASE PEOPLE

Regions lie in OU=People, ten units in each, 250 people in a unit. Every 50th is disabled. Every tenth is in the group
crowd-staff and another tenth in crowd-guests, which is nested in crowd-all; every 40th is in crowd-exempt.
"""

import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

PEOPLE_OF_UNIT = 250
UNITS_OF_REGION = 10
# People of one transaction.
BATCH = 5_000
SECURITY_GROUP = "-2147483646"
# NORMAL_ACCOUNT | PASSWD_NOTREQD, as nobody here has a password, and ACCOUNTDISABLE.
ENABLED, DISABLED = "544", "546"


def main(conf, database, people):
    parameters = LoadParm()
    parameters.load(conf)
    # Without these, each entry is a transaction in the transaction, and takes four times as long.
    fast = ["batch_mode:1", "transaction_index_cache_size:200000"]
    sam = SamDB(url=database, session_info=system_session(), lp=parameters, options=fast)
    base = sam.domain_dn()
    members = {"crowd-staff": [], "crowd-guests": [], "crowd-exempt": []}
    for first in range(0, people, BATCH):
        sam.transaction_start()
        for at in range(first, min(first + BATCH, people)):
            dn = add_person(sam, base, at)
            for group, step, rest in (("crowd-staff", 10, 1), ("crowd-guests", 10, 2), ("crowd-exempt", 40, 0)):
                if at % step == rest:
                    members[group].append(dn)
        sam.transaction_commit()
    for group, some in members.items():
        add_group(sam, base, group, some)
    add_group(sam, base, "crowd-all", [group_dn(base, "crowd-guests")])


def add_person(sam, base, at):
    unit, rest = divmod(at, PEOPLE_OF_UNIT)
    region, own = divmod(unit, UNITS_OF_REGION)
    around = f"OU=Region {region},OU=People,{base}"
    if rest == 0 and own == 0:
        sam.add({"dn": around, "objectClass": "organizationalUnit"})
    if rest == 0:
        sam.add({"dn": f"OU=Unit {unit},{around}", "objectClass": "organizationalUnit"})
    name = f"person.{at:06d}"
    dn = f"CN={name},OU=Unit {unit},{around}"
    sam.add(
        {
            "dn": dn,
            "objectClass": "user",
            "sAMAccountName": name,
            "userAccountControl": DISABLED if at % 50 == 0 else ENABLED,
            "displayName": f"Person Number {at}",
            "givenName": "Person",
            "sn": f"Number {at}",
            "mail": f"{name}@corp.example.test",
        }
    )
    return dn


def group_dn(base, name):
    return f"CN={name},CN=Users,{base}"


def add_group(sam, base, name, members):
    kind = {"objectClass": "group", "sAMAccountName": name, "groupType": SECURITY_GROUP}
    sam.add({"dn": group_dn(base, name), **kind, "member": members})


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
