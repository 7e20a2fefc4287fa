"""A learning management system that speaks LTI 1.3: a small server that tests run for real.

It checks what a platform has to check, by the rules of LTI 1.3, the IMS Security Framework 1.0, AGS
2.0 and NRPS 2.0, and it can be made slow, forgetful, busy and hostile.
"""

from __future__ import annotations

import functools
import html
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

CLIENT_ID: Final = "tool-7"
DEPLOYMENT: Final = "deployment-1"
CONTEXT: Final = "course-42"
CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/"
ROLE: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
SCOPES: Final = {
    f"{AGS}scope/lineitem",
    f"{AGS}scope/score",
    f"{NRPS}scope/contextmembership.readonly",
}
ACTIVITY: Final = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
GRADING: Final = {"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"}
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
PAGE: Final = 2  # entries


@functools.cache
def _make_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def member(number: str, given: str = "", email: str = "", **more: Any) -> dict[str, Any]:
    """A learner in the roster."""
    entry = {
        "user_id": number,
        "status": "Active",
        "roles": [f"{ROLE}Learner"],
        "given_name": given,
        "family_name": None,
        "email": email,
    }
    return entry | more


@dataclass
class Platform:
    """The state of the platform.

    Attributes:
        url: Where it is.
        tool_key: The tool's public key, as an instructor has pasted it.
        members: The roster.
        items: The line items.
        scores: The scores it has taken, by line item and user, in order.
        requests: Method and path of each request.
        failures: What the next requests whose path begins so get instead of an answer.
        claims: Are added to each id_token.
        problems: What was against the rules.
        tokens: The scopes of each access token.
        filters: Whether it looks for line items itself.
        lost_answers: How many answers to what it has done get lost.
        next_url: The address of the next page, instead of its own.
        keys_ready: Until this is set, nobody gets its public keys.
    """

    url: str = ""
    tool_key: dict[str, Any] | None = None
    members: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    scores: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failures: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    filters: bool = True
    lost_answers: int = 0
    next_url: str = ""
    keys_ready: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.key = _make_key()
        self.keys_ready.set()
        self._used: set[str] = set()

    @property
    def line_items_url(self) -> str:
        return f"{self.url}/courses/42/lineitems?type_id=3"

    @property
    def memberships_url(self) -> str:
        return f"{self.url}/courses/42/memberships"

    def settings(self) -> dict[str, Any]:
        """The tool's settings for this platform."""
        return {
            "client_id": CLIENT_ID,
            "token_url": f"{self.url}/token",
            "line_items_url": self.line_items_url,
            "memberships_url": self.memberships_url,
        }

    def final_scores(self) -> dict[str, float | None]:
        """The score of each user that the platform shows."""
        return {score["userId"]: score.get("scoreGiven") for _, score in self.scores}

    # What a browser meets

    def login_url(self, tool: str, user: str) -> str:
        """The address to which a click on the course's link leads."""
        query = {
            "iss": self.url,
            "login_hint": user,
            "target_link_uri": f"{tool}/hub/home",
            "client_id": CLIENT_ID,
            "lti_deployment_id": DEPLOYMENT,
            "lti_message_hint": "hint",
        }
        return f"{tool}/hub/lti13/oauth_login?{urlencode(query)}"

    def id_token(self, query: dict[str, str]) -> str:
        """The signed message that a user launches the tool."""
        user = next(one for one in self.members if one["user_id"] == query["login_hint"])
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": query["client_id"],
            "sub": user["user_id"],
            "iat": now,
            "exp": now + 60,
            "nonce": query["nonce"],
            "email": user["email"],
            "given_name": user["given_name"],
            "family_name": user["family_name"],
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": DEPLOYMENT,
            f"{CLAIM}target_link_uri": "ignored",
            f"{CLAIM}resource_link": {"id": "link-1"},
            f"{CLAIM}roles": user["roles"],
            f"{CLAIM}context": {"id": CONTEXT, "label": "AE", "title": "Autoencoders"},
            f"{AGS}claim/endpoint": {"lineitems": self.line_items_url, "scope": sorted(SCOPES)},
            f"{NRPS}claim/namesroleservice": {
                "context_memberships_url": self.memberships_url,
                "service_versions": ["2.0"],
            },
        }
        return jwt.encode(claims | self.claims, self.key, "RS256", headers={"kid": "lms-1"})

    # What the tool's server meets

    def issue_token(self, form: dict[str, str]) -> dict[str, Any]:
        """Check the tool's assertion, and return an access token."""
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == (
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        )
        assertion = form["client_assertion"]
        assert self.tool_key is not None, "the tool isn't registered"
        assert jwt.get_unverified_header(assertion)["kid"] == self.tool_key["kid"]
        claims = jwt.decode(
            assertion,
            jwt.PyJWK(self.tool_key).key,
            algorithms=["RS256"],
            audience=f"{self.url}/token",
            options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"]},
        )
        assert claims["iss"] == claims["sub"] == CLIENT_ID
        assert claims["exp"] - claims["iat"] <= 3600
        assert claims["jti"] not in self._used, "the assertion was used before"
        self._used.add(claims["jti"])
        scopes = set(form["scope"].split())
        assert scopes <= SCOPES
        token = secrets.token_urlsafe(24)
        self.tokens[token] = scopes
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": form["scope"],
        }

    def take_score(self, item: str, score: dict[str, Any]) -> int:
        """Check a score, and return the HTTP status."""
        assert {"userId", "timestamp", "activityProgress", "gradingProgress"} <= set(score)
        assert score["activityProgress"] in ACTIVITY
        assert score["gradingProgress"] in GRADING
        assert ("scoreGiven" in score) <= (score.get("scoreMaximum", 0) > 0)
        moment = datetime.fromisoformat(score["timestamp"])
        assert moment.tzinfo is not None
        if score["userId"] not in [one.get("user_id") for one in self.members]:
            return 404
        earlier = [
            datetime.fromisoformat(old["timestamp"])
            for place, old in self.scores
            if (place, old["userId"]) == (item, score["userId"])
        ]
        if earlier and moment <= max(earlier):
            return 409
        self.scores.append((item, score))
        return 200


class _Handler(BaseHTTPRequestHandler):
    platform: Platform

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        platform, parts = self.platform, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        self._body = self.rfile.read(length)
        platform.requests.append(f"{self.command} {parts.path}")
        for path, failures in platform.failures.items():
            if parts.path.startswith(path) and failures:
                status, headers = failures.pop(0)
                self._reply(status, headers=headers)
                return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            self._route(parts.path, query)
        except (AssertionError, KeyError, jwt.PyJWTError) as error:
            platform.problems.append(f"{self.path}: {error!r}")
            self._reply(400)

    def _route(self, path: str, query: dict[str, str]) -> None:
        platform = self.platform
        if path == "/auth":
            token = platform.id_token(query)
            assert query["response_mode"] == "form_post"
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
                for name, value in (("id_token", token), ("state", query["state"]))
            )
            target = html.escape(query["redirect_uri"])
            form = f'<form method="post" action="{target}">{fields}</form>'
            script = "<script>document.forms[0].submit()</script>"
            self._reply(200, (form + script).encode(), {"Content-Type": "text/html"})
        elif path == "/jwks":
            platform.keys_ready.wait(60)
            jwk = RSAAlgorithm.to_jwk(platform.key.public_key(), as_dict=True)
            self._json({"keys": [{**jwk, "kid": "lms-1", "alg": "RS256", "use": "sig"}]})
        elif path == "/token":
            sent = {name: values[0] for name, values in parse_qs(self._body.decode()).items()}
            self._json(platform.issue_token(sent))
        elif path == "/courses/42/memberships":
            self._authorize(f"{NRPS}scope/contextmembership.readonly")
            members = self._page(platform.members, query)
            self._json({"id": self.path, "context": {"id": CONTEXT}, "members": members})
        elif path == "/courses/42/lineitems" and self.command == "GET":
            self._authorize(f"{AGS}scope/lineitem")
            assert query["type_id"] == "3"
            wanted = query.get("resource_id")
            items = [
                one
                for one in platform.items
                if not platform.filters or wanted in {None, one.get("resourceId")}
            ]
            self._json(self._page(items, query))
        elif path == "/courses/42/lineitems":
            self._authorize(f"{AGS}scope/lineitem")
            assert self.headers["Content-Type"] == ITEM_TYPE
            item = json.loads(self._body)
            assert item["scoreMaximum"] > 0
            assert item["label"]
            number = len(platform.items) + 1
            item["id"] = f"{platform.url}/courses/42/lineitems/{number}/lineitem?type_id=3"
            platform.items.append(item)
            self._confirm(201, item)
        elif found := re.fullmatch(r"(/courses/42/lineitems/\d+/lineitem)/scores", path):
            self._authorize(f"{AGS}scope/score")
            assert query["type_id"] == "3"
            assert self.headers["Content-Type"] == SCORE_TYPE
            self._confirm(platform.take_score(found[1], json.loads(self._body)))
        else:
            self._reply(404)

    def _confirm(self, status: int, data: Any = None) -> None:
        if status < 300 and self.platform.lost_answers:
            self.platform.lost_answers -= 1
            self._reply(502)
        else:
            self._json(data, status)

    def _authorize(self, scope: str) -> None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        assert kind == "Bearer"
        assert scope in self.platform.tokens.get(token, set()), "no token for this"

    def _page(self, entries: list[Any], query: dict[str, str]) -> list[Any]:
        first = int(query.get("from", 0))
        if first + PAGE < len(entries) or self.platform.next_url:
            rest = urlencode(query | {"from": first + PAGE})
            path = urlsplit(self.path).path
            self._next = self.platform.next_url or f"{self.platform.url}{path}?{rest}"
        return entries[first : first + PAGE]

    _next = ""

    def _json(self, data: Any, status: int = 200) -> None:
        headers = {"Content-Type": "application/json"}
        if self._next:
            headers["Link"] = f'<{self._next}>; rel="next"'
        self._reply(status, json.dumps(data).encode(), headers)

    def _reply(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def run_platform() -> Iterator[Platform]:
    """Run a platform on a free port of this machine."""
    platform = Platform()
    handler = type("Handler", (_Handler,), {"platform": platform})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        platform.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield platform
        finally:
            server.shutdown()
            thread.join()
