"""A headless Chromium, spoken to through its pipe: pages at a size and colour scheme, pictures,
expressions, and what the page asked for and was refused.

No port is opened, and the profile is a temporary directory. The page's own content security
policy stays in force; expressions are evaluated beside it.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class BrowserError(Exception):
    pass


def find():
    """The browser's path, None if there is none."""
    return shutil.which("chromium")


class Browser:
    ANSWER_WITHIN = 120  # seconds, on a machine that is busy

    def __init__(self, path):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        to_read, self.to = os.pipe()
        self.come, to_write = os.pipe()
        self.child = subprocess.Popen(
            # The browser reads from descriptor 3 and writes to 4.
            ["/bin/sh", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "sh", path]
            + ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
            + ["--force-color-profile=srgb", "--font-render-hinting=none"]
            + ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
            + ["--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        answer = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = answer["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            self.call(f"{domain}.enable")

    def message(self):
        end = time.monotonic() + self.ANSWER_WITHIN
        while b"\0" not in self.buffer:
            if not select.select([self.come], [], [], max(0, end - time.monotonic()))[0]:
                raise BrowserError(f"the browser says nothing for {self.ANSWER_WITHIN} s")
            data = os.read(self.come, 1 << 16)
            if not data:
                raise BrowserError("the browser ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def open(self, path, width, height=900, scheme="light"):
        """Load a file or a URL; forgets the events of the page before."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.events.clear()
        answer = self.call("Page.navigate", url=path if "://" in path else "file://" + os.path.abspath(path))
        if "errorText" in answer:
            raise BrowserError(f"{path}: {answer['errorText']}")
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())

    def blank(self):
        """A page without anything, and without a policy."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")

    def evaluate(self, expression):
        """The value of an expression, or of what it promises."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def picture(self, whole=True):
        """PNG of the whole page, or of what is seen first."""
        answer = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole
        )
        return base64.b64decode(answer["data"])

    def requests(self):
        """The URLs that the page asked for."""
        return [
            e["params"]["request"]["url"]
            for e in self.events
            if e["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self):
        """What the browser found wrong: refused by the policy, errors, warnings."""
        self.evaluate("0")  # what was said before has arrived then
        found = []
        for e in self.events:
            if e["method"] == "Log.entryAdded":
                found.append(e["params"]["entry"]["text"])
            elif e["method"] == "Audits.issueAdded":
                found.append(e["params"]["issue"]["code"])
            elif e["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                found.append(json.dumps(e["params"]))
        return found

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.child.wait(timeout=20)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            self.child.kill()
            self.child.wait()
        os.close(self.to)
        os.close(self.come)
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
