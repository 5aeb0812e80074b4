"""Installs and removes packages as opkg does: the order of its steps, its scripts' arguments and environment."""

import gzip
import io
import os
import shutil
import stat
import tarfile
from pathlib import Path

# Where opkg keeps the scripts and the file list of what is installed.
INFO = "var/lib/opkg/info"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


def members(package):
    """Name and content of what an ar archive holds."""
    data = Path(package).read_bytes()
    assert data[:8] == b"!<arch>\n", f"{package} is no ar archive"
    at = 8
    while at < len(data):
        head = data[at : at + 60]
        assert head[58:] == b"`\n", f"{package} is damaged at {at}"
        name, size = head[:16].decode().strip().rstrip("/"), int(head[48:58])
        yield name, data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2


def files(archive):
    """The entries of a tar.gz."""
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive)))


class Package:
    """An unpacked package."""

    def __init__(self, path):
        content = dict(members(path))
        assert list(content) == ["debian-binary", "control.tar.gz", "data.tar.gz"], list(content)
        assert content["debian-binary"] == b"2.0\n"
        self.data = content["data.tar.gz"]
        self.scripts = {}
        with files(content["control.tar.gz"]) as archive:
            for entry in archive:
                text = archive.extractfile(entry).read() if entry.isfile() else b""
                self.scripts[os.path.normpath(entry.name)] = text
        lines = self.scripts.pop("control").decode().splitlines()
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(" "))
        self.name, self.version = fields["Package"], fields["Version"]


class Opkg:
    """Installs into a directory. `run(path, argument, environment)` runs a script, its path given as seen from inside
    that directory, and answers with its status and what it printed. `offline` is the directory if an image is being
    built; then the scripts are run from outside, as OpenEmbedded does."""

    def __init__(self, root, run, offline=False):
        self.root, self.run, self.offline = Path(root), run, offline
        self.output = ""

    def installed(self, name):
        """The version, or nothing."""
        record = self.root / INFO / f"{name}.version"
        return record.read_text() if record.exists() else None

    def script(self, directory, name, argument):
        """Runs a script, if there is one; whether it succeeded."""
        if not (self.root / directory / name).exists():
            return True
        environment = {"PKG_ROOT": "/"}
        path = f"/{directory}/{name}"
        if self.offline:
            path = f"{self.root}{path}"
            names = ("D", "OFFLINE_ROOT", "IPKG_OFFLINE_ROOT", "OPKG_OFFLINE_ROOT")
            environment.update((name, str(self.root)) for name in names)
        status, output = self.run(path, argument, environment)
        self.output += output
        return status == 0

    def install(self, path):
        """Installs, upgrades or installs anew; whether all scripts succeeded. The output is kept."""
        package, self.output = Package(path), ""
        old = self.installed(package.name)
        unpacked = f"tmp/opkg-{package.name}"
        self.store(unpacked, "", package)
        if old:
            self.script(INFO, f"{package.name}.prerm", f"upgrade {package.version}")
        if not self.script(unpacked, "preinst", f"upgrade {old}" if old else "install"):
            return False
        if old:
            self.script(INFO, f"{package.name}.postrm", f"upgrade {package.version}")
            self.delete(package.name)
        shutil.rmtree(self.root / unpacked)
        self.store(INFO, f"{package.name}.", package)
        names = self.unpack(package)
        (self.root / INFO / f"{package.name}.list").write_text("".join(f"/{name}\n" for name in names))
        (self.root / INFO / f"{package.name}.version").write_text(package.version)
        return self.script(INFO, f"{package.name}.postinst", "configure")

    def remove(self, name):
        """Removes; whether all scripts succeeded."""
        self.output = ""
        good = self.script(INFO, f"{name}.prerm", "remove")
        self.delete(name)
        good &= self.script(INFO, f"{name}.postrm", "remove")
        for path in (self.root / INFO).glob(f"{name}.*"):
            path.unlink()
        return good

    def store(self, directory, prefix, package):
        """Puts a package's scripts into a directory."""
        where = self.root / directory
        where.mkdir(parents=True, exist_ok=True)
        for name, text in package.scripts.items():
            assert name in (*SCRIPTS, "."), f"{name} is no script opkg knows"
            if name != ".":
                (where / (prefix + name)).write_bytes(text)
                (where / (prefix + name)).chmod(0o755)

    def unpack(self, package):
        """Puts files in place, a new file for each: what runs keeps its own. Their names."""
        names = []
        with files(package.data) as archive:
            for entry in archive:
                name = os.path.normpath(entry.name)
                target = self.root / name
                if entry.isdir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                assert entry.isfile(), f"{name} is neither file nor directory"
                assert stat.S_IMODE(entry.mode) in (0o644, 0o755), f"{name} has mode {entry.mode:o}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_bytes(archive.extractfile(entry).read())
                target.chmod(entry.mode)
                names.append(name)
        return names

    def delete(self, name):
        """Deletes a package's files, and directories that are empty then."""
        listed = self.root / INFO / f"{name}.list"
        for line in listed.read_text().splitlines():
            path = self.root / line.lstrip("/")
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self.root or any(parent.iterdir()):
                    break
                parent.rmdir()
        listed.unlink()


def another_version(package, version, target, drop=(), replace=None):
    """Writes a package like this one but for its version, without some files, others replaced by {name: content}."""
    content = dict(members(package))
    control = repack(content["control.tar.gz"], lambda name, text: renumber(text, version) if name == "control" else text)
    replace = replace or {}
    data = repack(content["data.tar.gz"], lambda name, text: None if name in drop else replace.get(name, text))
    with open(target, "wb") as file:
        file.write(b"!<arch>\n")
        parts = (("debian-binary", b"2.0\n"), ("control.tar.gz", control), ("data.tar.gz", data))
        for name, text in parts:
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(text):<10}`\n".encode())
            file.write(text + b"\n" * (len(text) % 2))
    return target


def renumber(control, version):
    """A control file with another version."""
    lines = control.decode().splitlines(keepends=True)
    return "".join(f"Version: {version}\n" if line.startswith("Version:") else line for line in lines).encode()


def repack(archive, change):
    """A tar.gz of what `change` makes of each file; nothing drops it."""
    result = io.BytesIO()
    with files(archive) as old, tarfile.open(fileobj=result, mode="w", format=tarfile.GNU_FORMAT) as new:
        for entry in old:
            if not entry.isfile():
                new.addfile(entry)
                continue
            text = change(os.path.normpath(entry.name), old.extractfile(entry).read())
            if text is not None:
                entry.size = len(text)
                new.addfile(entry, io.BytesIO(text))
    return gzip.compress(result.getvalue())
