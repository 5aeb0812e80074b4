"""For Jellyfin's search for tuners, which asks a receiver for /discover.json on port 80 only: OpenWebif, which is there,
sends it on to xg2g. Goes on the receiver; docs/JELLYFIN.md says where, and when it is of use."""

from twisted.web.resource import Resource

from Plugins.Extensions.WebInterface.WebChilds.Toplevel import addExternalChild

# Where xg2g answers (server.listen).
PORT = 8080


class Discover(Resource):
    """Answers 302 to the same path of xg2g on the host that was asked."""

    isLeaf = True

    def render_GET(self, request):
        host = request.getRequestHostname()
        if b":" in host:
            host = b"[" + host + b"]"
        request.redirect(b"http://" + host + (":%d/discover.json" % PORT).encode("ascii"))
        return b""


# The path, what answers there, a name and a version for OpenWebif's list of such things; no entry in its menu.
addExternalChild(("discover.json", Discover(), "xg2g", "1", False))


def Plugins(**kwargs):
    """Nothing for the receiver's own menus."""
    return []
