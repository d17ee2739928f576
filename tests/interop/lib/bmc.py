"""A BMC that counts chassis controls: pyghmi's, with answers as a test wants them.

usage: bmc.py PORT BEHAVIOUR

BEHAVIOUR is `answer`, `drop` (the request is carried out, its answer is lost), or a completion code
such as 0xcc. The user is `operator`, the password `secret`. Each chassis control is a line
`control DIRECTIVE` on standard output; `ready` comes first.
"""
import sys

import pyghmi.ipmi.bmc as bmc


class CountingBmc(bmc.Bmc):
    behaviour = "answer"

    def get_power_state(self):
        return "on"

    def control_chassis(self, request, session):
        print("control", request["data"][0], flush=True)
        if self.behaviour == "drop":
            return
        code = 0 if self.behaviour == "answer" else int(self.behaviour, 0)
        session.send_ipmi_response(code=code)


CountingBmc.behaviour = sys.argv[2]
served = CountingBmc({"operator": "secret"}, port=int(sys.argv[1]), address="127.0.0.1")
print("ready", flush=True)
served.listen()
