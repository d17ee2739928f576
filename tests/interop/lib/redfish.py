"""A service of Redfish with one system, which notes what it is asked."""
import http.server
import json
import threading

SYSTEM = "/redfish/v1/Systems/1"
RESET = SYSTEM + "/Actions/ComputerSystem.Reset"


class Redfish:
    """On a port of loopback; over TLS with a @context of ssl. @on_reset is called before a reset is answered."""

    def __init__(self, context=None, on_reset=lambda: None):
        self.requests = []  # (method, path, Authorization)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def say(self, status, body=b""):
                outer.requests.append((self.command, self.path, self.headers["Authorization"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                reset = {"target": RESET, "ResetType@Redfish.AllowableValues": ["On", "Nmi"]}
                system = {"PowerState": "On", "Actions": {"#ComputerSystem.Reset": reset}}
                self.say(200, json.dumps(system).encode())

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                on_reset()
                self.say(204)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            # Handshakes that are refused are what is tested.
            server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.port = server.server_address[1]

    def resets(self):
        return [path for command, path, _ in self.requests if command == "POST"]
