"""A stand-in for pg-backup-api, for tests only: its documented endpoints, with the real `barman diagnose` behind one of them."""

import json
import re
import subprocess


def _diagnose():
    return json.loads(subprocess.run(["barman", "diagnose"], check=True, capture_output=True).stdout)


def application(environ, start_response):
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if (method, path) == ("GET", "/status"):
        status, answer = "200 OK", "OK"
    elif (method, path) == ("GET", "/diagnose"):
        status, answer = "200 OK", _diagnose()
    elif re.fullmatch(r"(/servers/[^/]+)?/operations", path):
        status, answer = ("200 OK", {"operations": []}) if method == "GET" else ("202 Accepted", {"operation_id": "1"})
    else:
        status, answer = "404 Not Found", {"error": "404 Not Found"}
    body = json.dumps(answer).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
