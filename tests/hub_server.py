"""A Hub on the loopback interface that takes uploads."""

import base64
import hashlib
import json
import time

from test_hub import HubHandler

TOKEN = "hf_" + "x" * 34


class PushHandler(HubHandler):
    """A Hub that also takes uploads to `org/kogner`: small files in the commit, weights through Git LFS."""

    is_refusing = False
    objects: dict[str, bytes]
    commits: list[dict]
    xet_store = ""  # where the Xet client puts and finds the content of weights
    xet_files: dict[str, tuple[str, int]]  # sha256 -> Xet's own hash, and the size

    def answer(self, with_body: bool) -> None:
        """Shards are asked for by commit; of weights in the Xet store only the whereabouts come from here."""
        if self.path.startswith("/api/"):
            self.path = self.path.replace(self.commit, "main")
        if "-token/" in self.path:
            return self.give_xet_access()
        pointer = self.folder / self.path.rpartition("/")[2]
        if pointer.is_file() and (sha256 := pointer.read_bytes().decode(errors="replace")) in self.xet_files:
            return self.reply({}, headers=self.xet_whereabouts(sha256))
        super().answer(with_body)

    def give_xet_access(self) -> None:
        """What lets the client into the store for an hour, in the form of each of its two halves."""
        expires = int(time.time()) + 3600
        headers = {"X-Xet-Cas-Url": self.xet_store, "X-Xet-Access-Token": "store", "X-Xet-Token-Expiration": expires}
        self.reply({"casUrl": self.xet_store, "accessToken": "store", "exp": expires}, headers=headers)

    def xet_whereabouts(self, sha256: str) -> dict[str, str]:
        """What the Hub says of a file whose content is in the store."""
        name, size = self.xet_files[sha256]
        address = f"http://127.0.0.1:{self.server.server_address[1]}/api/models/org/kogner/xet-read-token/main"
        return {
            "X-Repo-Commit": self.commit,
            "X-Xet-Hash": name,
            "X-Xet-Refresh-Route": address,
            "X-Linked-Size": str(size),
            "X-Linked-Etag": f'"{sha256}"',
            "ETag": f'"{sha256}"',
        }

    def do_POST(self):
        """Everything but the weights."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path, sent_back = self.path.partition("?")[0], self.headers.get("Authorization")
        port = self.server.server_address[1]
        if self.is_refusing:
            return self.reply({"error": f"not allowed with {sent_back}"}, 403)
        if sent_back != f"Bearer {TOKEN}":
            return self.reply({"error": "no token"}, 401)
        if path == "/api/repos/create":
            self.commits.append({"created": json.loads(body)})
            return self.reply({"url": f"http://127.0.0.1:{port}/org/kogner"})
        if path == "/api/validate-yaml":
            return self.reply({"errors": [], "warnings": []})
        if path == "/api/models/org/kogner/preupload/main":
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = ["lfs" if name.endswith(".safetensors") else "regular" for name in names]
            files = [{"path": n, "uploadMode": m, "shouldIgnore": False} for n, m in zip(names, modes, strict=True)]
            return self.reply({"files": files})
        if path == "/org/kogner.git/info/lfs/objects/batch":
            place = f"http://127.0.0.1:{port}/lfs/"
            wanted = [
                each | {"actions": {"upload": {"href": place + each["oid"]}}} for each in json.loads(body)["objects"]
            ]
            return self.reply({"transfer": "basic", "objects": wanted})
        assert path == "/api/models/org/kogner/commit/main", path
        self.commits.append({"query": self.path.partition("?")[2]})
        for line in map(json.loads, body.decode().splitlines()):
            self.take(line["key"], line["value"])
        address = f"http://127.0.0.1:{port}/org/kogner"
        return self.reply(
            {"commitUrl": f"{address}/commit/{self.commit}", "commitOid": self.commit, "success": True}
            | ({"pullRequestUrl": f"{address}/discussions/1"} if "create_pr" in self.path else {})
        )

    def take(self, key: str, value: dict) -> None:
        """One line of a commit."""
        if key == "deletedFile":
            (self.folder / value["path"]).unlink()
        elif key == "file":
            self.keep(value["path"], base64.b64decode(value["content"]))
        elif key == "lfsFile":
            in_store = value["oid"] in self.xet_files
            self.keep(value["path"], value["oid"].encode() if in_store else self.objects[value["oid"]])

    def keep(self, name: str, content: bytes) -> None:
        """Put a file into the repository."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)

    def do_PUT(self):
        """The content of one file of weights."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[hashlib.sha256(content).hexdigest()] = content
        self.reply({})

    def reply(self, content: dict, status: int = 200, headers: dict | None = None) -> None:
        """JSON back."""
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
