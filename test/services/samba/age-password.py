"""Makes passwords 1,000 days older: age-password.py SMB_CONF SAM_LDB GUID. LDAP itself allows only 0 and -1 (MS-ADTS)."""

import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

# Not exported to Python: DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET_OID of samdb.h.
BYPASS_LAST_SET = "1.3.6.1.4.1.7165.4.3.20"
TICKS_PER_DAY = 86_400 * 10_000_000

parameters = LoadParm()
parameters.load(sys.argv[1])
sam = SamDB(url=sys.argv[2], session_info=system_session(), lp=parameters)
entry = sam.search(base=f"<GUID={sys.argv[3]}>", scope=ldb.SCOPE_BASE, attrs=["pwdLastSet"])[0]
older = int(str(entry["pwdLastSet"][0])) - 1000 * TICKS_PER_DAY
message = ldb.Message(entry.dn)
message["pwdLastSet"] = ldb.MessageElement(str(older), ldb.FLAG_MOD_REPLACE, "pwdLastSet")
sam.modify(message, controls=[f"local_oid:{BYPASS_LAST_SET}:0"])
