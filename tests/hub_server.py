"""A Hub on the loopback interface that takes uploads."""

import base64
import hashlib
import json

from test_hub import HubHandler

TOKEN = "hf_" + "x" * 34


class PushHandler(HubHandler):
    """A Hub that also takes uploads to `org/kogner`: small files in the commit, weights through Git LFS."""

    is_refusing = False
    objects: dict[str, bytes]
    commits: list[dict]

    def answer(self, with_body: bool) -> None:
        """Shards are asked for by commit."""
        if self.path.startswith("/api/"):
            self.path = self.path.replace(self.commit, "main")
        super().answer(with_body)

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
            self.keep(value["path"], self.objects[value["oid"]])

    def keep(self, name: str, content: bytes) -> None:
        """Put a file into the repository."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)

    def do_PUT(self):
        """The content of one file of weights."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[hashlib.sha256(content).hexdigest()] = content
        self.reply({})

    def reply(self, content: dict, status: int = 200) -> None:
        """JSON back."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
