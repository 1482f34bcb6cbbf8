import CatalogModel
import TestSupport
import Testing

/// Section 4.4: sources of type `git`, from repositories that git itself has made.
@Suite("Sources from repositories", .turns, .timeLimit(.minutes(5)))
struct GitSourceContractTests {
    private func site() async throws -> (SourceClient, GitRepository) {
        let site = try await ProviderSite.shared.value
        return (
            SourceClient(site.tenant(), .agents), try await GitRepository(in: site.folder)
        )
    }

    private func properties(
        _ repository: GitRepository, _ more: JSONObject = [:]
    ) -> JSONObject {
        var properties = more
        properties["repoUrl"] = .string("file://\(repository.path)")
        return properties
    }

    @Test("the files of the branch that match are loaded together")
    func load() async throws {
        let (manager, repository) = try await site()
        try await repository.commit([
            "a.yaml": manager.text(["one"]), "deep/er/b.yaml": manager.text(["two"]),
            "README.md": "not a catalog", "deep/c.yml": manager.text(["other"]),
        ])
        try await repository.commit(
            ["next/n.yaml": manager.text(["three"])], branch: "next")
        let info = try await manager.applied("g", type: "git", properties(repository))
        #expect(info.value(at: "status.state") == "available", "\(info)")
        #expect(info.value(at: "status.entityCount") == 2)
        #expect(try await manager.names() == ["one", "two"])

        let selections: [(JSONObject, [String])] = [
            (["path": "*.yaml"], ["one"]), (["path": "deep/**"], ["other", "two"]),
            (["path": "deep/er/b.yaml"], ["two"]),
            (["path": "**/?.y*ml"], ["one", "other", "two"]),
            (["branch": "next"], ["one", "three", "two"]),
            (["branch": "next", "path": "next/*", "shallowClone": false], ["three"]),
        ]
        for (more, names) in selections {
            _ = try await manager.applied("g", type: "git", properties(repository, more))
            #expect(try await manager.names() == names, "\(more)")
        }
    }

    @Test("a commit is taken at the next refresh, and nothing of one with a mistake")
    func changes() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one", "two"])])
        _ = try await manager.applied("g", type: "git", properties(repository))
        try await repository.commit(["a.yaml": manager.text(["two", "three"])])
        let changed = try await manager.refreshed("g")
        #expect(changed.value(at: "status.lastRefreshSummary") == "Loaded 2 entities, removed 1")
        #expect(try await manager.names() == ["three", "two"])

        let mistakes: [([String: String?], String)] = [
            (["a.yaml": "agents: [\n"], "yaml_syntax"),
            (["a.yaml": "agents: [{name: x, nonsense: 1}]"], "invalid_entity"),
            (["a.yaml": manager.text(["x"]), "b.yaml": manager.text(["x"])], "duplicate_name"),
            (["a.yaml": nil, "b.yaml": nil, "c.txt": "nothing"], "not_found"),
            (
                ["a.yaml": "# \(String(repeating: "x", count: ProviderSite.maxBytes))"],
                "too_large"
            ),
        ]
        for (files, code) in mistakes {
            try await repository.commit(files)
            try await manager.expectFailure(await manager.refreshed("g"), code)
            #expect(try await manager.names() == ["three", "two"])
        }
        try await repository.commit(["a.yaml": manager.text(["four"])])
        _ = try await manager.refreshed("g")
        #expect(try await manager.names() == ["four"])
    }

    @Test("a branch or repository that is not there leaves what was loaded")
    func absent() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one"])])
        _ = try await manager.applied("g", type: "git", properties(repository))
        let branch = try await manager.applied(
            "g", type: "git", properties(repository, ["branch": "none"]))
        try await manager.expectFailure(branch, "not_found")
        let folder = try await manager.applied(
            "g", type: "git", ["repoUrl": .string("\(repository.path)-none")])
        try await manager.expectFailure(folder, "not_found")
        #expect(try await manager.names() == ["one"])
    }

    @Test("a repository is fetched again when its interval is over")
    func interval() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one"])])
        _ = try await manager.applied(
            "g", type: "git", properties(repository, ["syncInterval": "1s"]))
        try await repository.commit(["a.yaml": manager.text(["two"])])
        try await manager.waitForNames(["two"])
        _ = try await manager.tenant.delete("\(manager.base)/sources/g")
    }

    @Test("links in a repository lead nowhere")
    func links() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one"])])
        try await repository.git("config", "core.symlinks", "true")
        try makeLink("\(repository.path)/b.yaml", to: "/etc/passwd")
        try await repository.commit([:])
        let info = try await manager.applied("g", type: "git", properties(repository))
        #expect(info.value(at: "status.state") == "available", "\(info)")
        #expect(try await manager.names() == ["one"])
    }

    @Test("a repository over HTTP takes the token, and tells one that is wrong")
    func token() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one"])])
        let web = try await repository.served(password: "s3cret")
        // The plain protocol knows no shallow clones.
        func properties(_ token: JSONValue) -> JSONObject {
            [
                "repoUrl": .string("\(web.url)/repository.git"), "authToken": token,
                "shallowClone": false,
            ]
        }
        let info = try await manager.applied("g", type: "git", properties("s3cret"))
        #expect(info.value(at: "status.state") == "available", "\(info)")
        #expect(info.value(at: "properties.authToken") == "***REDACTED***")
        #expect(try await manager.names() == ["one"])
        for wrong: JSONValue in ["other", nil] {
            let refused = try await manager.applied("g", type: "git", properties(wrong))
            try await manager.expectFailure(refused, "unauthorized")
            #expect(try await manager.names() == ["one"])
        }
        web.answer { _ in .hang }
        let stuck = try await manager.applied("g", type: "git", properties("s3cret"))
        try await manager.expectFailure(stuck, "timeout")
        web.answer { _ in .text("", status: 301, ["Location": "http://169.254.169.254/r.git"]) }
        let led = try await manager.applied("g", type: "git", properties("s3cret"))
        #expect(led.value(at: "status.state") == "error", "\(led)")
        #expect(led.value(at: "status.error")?.stringValue?.contains("s3cret") == false)
        #expect(try await manager.names() == ["one"])
    }

    @Test("over TLS the certificate has to be from a known authority")
    func authority() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one"])])
        let web = try await repository.served(password: "s3cret", secure: true)
        let properties: JSONObject = [
            "repoUrl": .string("\(web.url)/repository.git"), "authToken": "s3cret",
            "shallowClone": false,
        ]
        let stranger = try await manager.applied("g", type: "git", properties)
        try await manager.expectFailure(stranger, "untrusted")
        #expect(web.requests.isEmpty)
        let trusting = try await ProviderSite.start([
            "CATALOG_SOURCE_CA_FILE": web.authorityPath,
            "CATALOG_SOURCE_ALLOWED_HOSTS": "localhost",
        ])
        let friend = SourceClient(trusting.tenant(), .agents)
        var named = properties
        named["repoUrl"] = .string("https://localhost:\(web.port)/repository.git")
        let known = try await friend.applied("g", type: "git", named)
        #expect(known.value(at: "status.state") == "available", "\(known)")
        #expect(try await friend.names() == ["one"])
        _ = try await trusting.server.terminate()
    }

    @Test("what a source may not name is refused")
    func refused() async throws {
        let (manager, repository) = try await site()
        try await repository.commit(["a.yaml": manager.text(["one"])])
        let url = JSONValue.string("file://\(repository.path)")
        for properties: JSONObject in [
            [:], ["repoUrl": "/etc"], ["repoUrl": "file:///etc"], ["repoUrl": "./here"],
            ["repoUrl": .string("\(repository.path)/../../..")], ["repoUrl": "ext::sh -c id"],
            ["repoUrl": "--upload-pack=id"], ["repoUrl": "git@host:r.git"],
            ["repoUrl": "https://user:password@host/r.git"],
            ["repoUrl": url, "branch": "--help"], ["repoUrl": url, "branch": "a..b"],
            ["repoUrl": url, "path": "../x"], ["repoUrl": url, "shallowClone": "perhaps"],
            ["repoUrl": url, "syncInterval": "never"], ["repoUrl": url, "authToken": [:]],
        ] {
            let response = try await manager.apply("g", type: "git", properties)
            #expect(response.status == 422, "\(properties): \(response.text)")
        }
        #expect(try await manager.list().isEmpty)
    }

    @Test("agents alone have repositories", arguments: Catalog.all.filter { $0.plugin != "agents" })
    func otherPlugins(catalog: Catalog) async throws {
        let manager = SourceClient(try await ProviderSite.shared.value.tenant(), catalog)
        let response = try await manager.apply(
            "g", type: "git", ["repoUrl": "https://host/r.git"])
        #expect(response.status == 422)
        #expect(response.text.contains("is not supported"))
    }
}
