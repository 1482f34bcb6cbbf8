import Testing

@testable import Server

@Suite struct `Addresses of sources` {
    private func url(_ text: String) throws -> RemoteURL { try #require(RemoteURL(text)) }

    @Test(arguments: [
        ("https://Host.Example/a?b=c#d", "https://host.example", "/a?b=c"),
        ("http://host:8080", "http://host:8080", "/"), ("https://host?x", "https://host", "/?x"),
        ("https://[::1]:8443/x", "https://[::1]:8443", "/x"),
        ("HTTPS://host:443/", "https://host", "/"),
    ])
    func `are taken apart`(text: String, origin: String, target: String) throws {
        let url = try url(text)
        #expect(url.origin == origin)
        #expect(url.target == target)
        #expect(!url.description.contains("?"))
    }

    @Test(arguments: [
        "", "host", "ftp://host", "https://", "https:///x", "https://user@host/", "https://a b/",
        "https://host:0/", "https://host:65536/", "https://host:+1/", "https://-x/",
        "https://[::1/", "https://[fe80::1%25eth0]/", "https://ho\\st/", "https://host/\n",
    ])
    func `out of order are none`(text: String) { #expect(RemoteURL(text) == nil) }

    @Test func `lead on from each other`() throws {
        let base = try url("https://host:8443/a/b?c=d")
        #expect(base.resolving("/x?y")?.text == "https://host:8443/x?y")
        #expect(base.resolving("//other/x")?.text == "https://other/x")
        #expect(base.resolving("http://other/x")?.isSecure == false)
        #expect(base.resolving("x") == nil)
        #expect(base.appending("/e").text == "https://host:8443/a/b/e")
    }

    private func isAllowed(
        _ list: String, _ text: String, at address: String? = nil
    ) throws -> Bool {
        let bytes = address.flatMap { IPAddress.bytes(of: $0) }
        return try AddressPolicy(list).objection(to: url(text), at: bytes) == nil
    }

    @Test(arguments: [
        ("", "https://host/", "8.8.8.8", true), ("", "http://host/", "8.8.8.8", false),
        ("", "https://host/", "127.0.0.1", false), ("", "https://host/", "10.1.2.3", false),
        ("", "https://host/", "::1", false), ("", "https://host/", "fd00::1", false),
        ("", "https://host/", "2606:4700::1111", true),
        ("", "https://host/", "2002:7f00:1::", false),
        ("*", "https://host/", "8.8.8.8", true), ("*", "https://host/", "10.0.0.1", false),
        ("http://*", "http://host/", "8.8.8.8", true), ("host", "https://host/", "10.0.0.1", true),
        ("host", "https://other/", "8.8.8.8", false), ("host", "http://host/", "8.8.8.8", false),
        ("http://host", "http://host/", "10.0.0.1", true),
        ("host", "https://host/", "169.254.169.254", false),
        ("169.254.169.254", "https://host/", "169.254.169.254", true),
        ("*.corp", "https://git.corp/", "10.0.0.1", true),
        ("*.corp", "https://corp/", "10.0.0.1", false),
        ("*.corp", "https://evilcorp/", "10.0.0.1", false),
        ("10.0.0.0/8", "https://host/", "10.9.9.9", true),
        ("10.0.0.0/8", "https://host/", "11.0.0.1", false),
        ("host, *", "https://host/", "127.0.0.1", true),
        ("file:///srv", "https://host/", "8.8.8.8", true),
    ])
    func `are allowed by the list`(
        list: String, text: String, address: String, allowed: Bool
    ) throws {
        #expect(try isAllowed(list, text, at: address) == allowed)
    }

    @Test func `are refused by name where the name tells`() throws {
        #expect(try isAllowed("", "https://host/"))
        #expect(try !isAllowed("", "http://host/"))
        #expect(try !isAllowed("other", "https://host/"))
        #expect(try isAllowed("10.0.0.0/8", "https://host/"))
        #expect(try !isAllowed("", "https://127.0.0.1/"))
    }

    @Test func `of folders are those below the listed ones`() throws {
        let policy = try AddressPolicy("file:///srv/git")
        #expect(policy.allowsFolder("/srv/git/a"))
        for path in ["/srv/git", "/srv/github/a", "/srv/git/../etc", "/etc"] {
            #expect(!policy.allowsFolder(path))
        }
    }

    @Test func `of the operator's hub are allowed as they are`() throws {
        let hub = try url("http://127.0.0.1:99/")
        let policy = try AddressPolicy("", trusting: hub)
        #expect(policy.objection(to: hub) == nil)
        #expect(policy.names(hub))
        #expect(try policy.objection(to: url("https://host/"), at: [8, 8, 8, 8]) == nil)
        #expect(try policy.objection(to: url("https://host/"), at: [10, 0, 0, 1]) != nil)
    }

    @Test(arguments: ["https://host", "10.0.0.0/33", "file://x", "a b", "*.", "file:///a/../b"])
    func `lists that cannot be read are refused`(list: String) {
        #expect(throws: AddressPolicy.Failure.self) { try AddressPolicy(list) }
    }

    @Test func `base64 has its padding`() {
        #expect(Base64.encode(Array("a?>b".utf8)) == "YT8+Yg==")
        #expect(Base64.encode([0xFB, 0xFF, 0xBF]) == "+/+/")
    }
}
