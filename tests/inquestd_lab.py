"""A running inquestd for tests: its configuration, a hypervisor that only counts, and a client.

    with Qmp(path) as qmp, Service(directory, backend="qmp:" + path) as service:
        status, headers, body = service.call("DescribeInstances")

The hypervisor speaks QMP as far as an interrupt needs it, and says how many of them arrived. The
client signs with Python's own hashes, so that nothing of the program's is trusted to judge itself.
"""
import contextlib
import hashlib
import hmac
import json
import os
import re
import select
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time

KEY = "AKIDADMIN"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
DENIED_KEY = "AKIDNOBODY"
INSTANCE = "i-1234567890abcdef0"
SEND = "SendDiagnosticInterrupt"


class Qmp:
    """A QMP socket. `behaviour`: answer; refuse; mute (not even a greeting); and once inject-nmi has
    arrived hang (say nothing), die (close), garbage (no QMP), late (answer after 3 seconds).
    With `serves_one` a second client waits until the first has gone, as at a socket of QEMU's."""

    def __init__(self, path, behaviour="answer", serves_one=False):
        self.path, self.behaviour = path, behaviour
        self.turn = threading.Lock() if serves_one else contextlib.nullcontext()
        self.injected = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with outer.turn:
                    outer.serve(self)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 512

        self.server = Server(path, Handler)

    def serve(self, handler):
        def say(what):
            handler.wfile.write(json.dumps(what).encode() + b"\r\n")

        try:
            if self.behaviour == "mute":
                handler.rfile.read()
                return
            say({"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7},
                                     "package": ""}, "capabilities": []}})
            for line in handler.rfile:
                request = json.loads(line)
                command, answer = request.get("execute"), {"return": {}}
                if command == "query-status":
                    answer = {"return": {"status": "running", "singlestep": False,
                                         "running": True}}
                elif command == "inject-nmi":
                    if self.behaviour == "refuse":
                        answer = {"error": {"class": "GenericError",
                                            "desc": "machine does not provide NMIs"}}
                    else:
                        with self.lock:
                            self.injected += 1
                    if self.behaviour == "hang":
                        continue
                    if self.behaviour == "die":
                        return
                    if self.behaviour == "garbage":
                        handler.wfile.write(b"\0\xff{\"return\": [[[" + b"x" * 70000 + b"\r\n")
                        continue
                    if self.behaviour == "late":
                        time.sleep(3)
                elif command not in ("qmp_capabilities", "query-blockstats", "query-events"):
                    answer = {"error": {"class": "CommandNotFound",
                                        "desc": f"The command {command} has not been found"}}
                if "id" in request:
                    answer["id"] = request["id"]
                say(answer)
        except (OSError, ValueError):
            pass

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)


def hmac256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(host, body, key=KEY, secret=SECRET, token=None, when=None, extra=()):
    """Headers of a signed POST of @body."""
    when = when if when is not None else time.time()
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(when))
    headers = {"host": host, "x-amz-date": date,
               "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    if token:
        headers["x-amz-security-token"] = token
    headers.update(extra)
    names = ";".join(sorted(headers))
    canonical = "\n".join(["POST", "/", ""] + [f"{n}:{headers[n]}" for n in sorted(headers)]
                          + ["", names, hashlib.sha256(body.encode()).hexdigest()])
    scope = f"{date[:8]}/us-east-1/ec2/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    signing = ("AWS4" + secret).encode()
    for word in scope.split("/"):
        signing = hmac256(signing, word)
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={key}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    return headers


def form(action, **parameters):
    pairs = [("Action", action), ("Version", "2016-11-15")] + list(parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def request_bytes(headers, body, target="/", method="POST"):
    lines = [f"{method} {target} HTTP/1.1"] + [f"{n}: {v}" for n, v in headers.items()]
    lines += [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body.encode()


def read_answer(stream):
    """(status, headers, body) of one answer; status 0 if the connection just ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = stream.recv(65536)
        if not piece:
            return 0, {}, data.decode("latin-1")
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    while len(body) < int(headers.get("content-length", 0)):
        piece = stream.recv(65536)
        if not piece:
            break
        body += piece
    return int(lines[0].split()[1]), headers, body.decode("utf-8")


def code_of(body):
    found = re.search("<Code>(.*?)</Code>", body)
    return found.group(1) if found else "Success"


class Service:
    """inquestd with a configuration of one instance, started and stopped."""

    def __init__(self, directory, backend, **changes):
        self.directory = directory
        self.config = os.path.join(directory, "config")
        self.program = os.environ["INQUESTD"]
        self.options = changes.pop("options", [])
        self.settings = {
            "api": {"address": "127.0.0.1", "port": 0},
            "metrics": {"address": "127.0.0.1", "port": 0},
            "pages": {"address": "127.0.0.1", "port": 0},
            "state_dir": os.path.join(directory, "state"),
            "audit_file": os.path.join(directory, "audit.jsonl"),
            "limits": {"principal": {"tokens": 10000, "refill_per_s": 10000},
                       "unauthenticated": {"tokens": 10000, "refill_per_s": 10000},
                       "captures_in_flight": 1000},
        }
        self.instances = [{"id": INSTANCE, "backend": backend, "state": "running",
                           "tags": {"env": "test"}}]
        self.settings.update(changes)
        self.child = None
        os.makedirs(os.path.join(directory, "state"), exist_ok=True)
        self.write()

    def put(self, name, what, mode=0o600):
        path = os.path.join(self.config, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8",
                  opener=lambda p, flags: os.open(p, flags, mode)) as f:
            f.write(what if isinstance(what, str) else json.dumps(what))
        return path

    def write(self):
        everything = {"Version": "2012-10-17",
                      "Statement": {"Sid": "All", "Effect": "Allow",
                                    "Action": ["ec2:*", "inquest:*"], "Resource": "*"}}
        self.put("inquestd.json", self.settings)
        self.put("instances/all.json", self.instances)
        self.put("policies/all.json", everything)
        self.put("principals/people.json", {
            "users": [{"name": "admin", "policies": ["all"],
                       "keys": [{"access_key": KEY, "secret": SECRET}]},
                      {"name": "nobody",
                       "keys": [{"access_key": DENIED_KEY, "secret": SECRET}]}]})

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, environment=None):
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.child = subprocess.Popen(
            [self.program, "serve", "--config", self.config] + self.options,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
            env=dict(os.environ, **(environment or {})))
        self.ready = ""
        until = time.monotonic() + 120
        while not self.ready.endswith("\n"):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                raise RuntimeError("not ready: " + self.said())
            piece = os.read(self.child.stdout.fileno(), 4096)
            if not piece:
                raise RuntimeError("ended: " + self.said())
            self.ready += piece.decode()
        self.port = int(re.search(r"ready, https?://[^ ]*:(\d+)", self.ready).group(1))
        found = re.search(r"metrics https?://[^ ]*:(\d+)/", self.ready)
        self.metrics_port = int(found.group(1)) if found else 0
        found = re.search(r"pages https?://[^ ]*:(\d+)/", self.ready)
        self.pages_port = int(found.group(1)) if found else 0
        self.host = f"127.0.0.1:{self.port}"

    def said(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8") as f:
            return f.read()

    def stop(self, number=signal.SIGTERM):
        """The exit status; None if it was not running."""
        if not self.child:
            return None
        if self.child.poll() is None:
            self.child.send_signal(number)
        status = self.child.wait(120)
        self.child.stdout.close()
        self.log.close()
        self.child = None
        return status

    def connect(self, tls=None):
        stream = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        if tls:
            context = ssl.create_default_context(cafile=tls)
            stream = context.wrap_socket(stream, server_hostname="127.0.0.1")
        return stream

    def send(self, data, tls=None):
        """The answer to raw bytes."""
        with self.connect(tls) as stream:
            stream.sendall(data)
            return read_answer(stream)

    def call(self, action, tls=None, signing=None, **parameters):
        body = form(action, **parameters)
        return self.send(request_bytes(sign(self.host, body, **(signing or {})), body), tls)

    def insist(self, action, **parameters):
        """As clients do: again after 500 and 503, which say that nothing was sent."""
        for _ in range(5):
            answer = self.call(action, **parameters)
            if answer[0] < 500:
                break
            time.sleep(1)
        return answer

    def wait_for(self, condition, what):
        until = time.monotonic() + 60
        while not condition():
            if time.monotonic() > until:
                raise RuntimeError(f"waited for {what}: {self.said()}")
            time.sleep(0.05)

