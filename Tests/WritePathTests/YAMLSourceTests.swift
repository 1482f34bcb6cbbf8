import CatalogModel
import Foundation
import Testing
import WritePath

@Suite("A source of type yaml")
struct YAMLSourceTests {
    private static func plugin(_ name: String) throws -> PluginDefinition {
        try #require(Plugins.named(name))
    }

    private static func definition(
        _ properties: JSONObject, plugin: String = "agents", type: String = "yaml",
        included: [String] = [], excluded: [String] = [], directory: String? = nil
    ) -> SourceDefinition {
        SourceDefinition(
            plugin: plugin, id: "s1", name: "S", type: type, properties: properties,
            includedItems: included, excludedItems: excluded, originDirectory: directory)
    }

    private func refusal(_ text: String, plugin: String = "agents") throws -> LoadError? {
        let plugin = try YAMLSourceTests.plugin(plugin)
        do {
            _ = try YAMLSource.parse(text, file: "f.yaml", plugin: plugin)
            return nil
        } catch {
            return error
        }
    }

    @Test("gives documents without the keys that the server sets")
    func documents() throws {
        let text =
            "agents:\n  - name: a\n    sourceId: other\n    version: \"1.0\"\n  - {name: b}\n"
        let loaded = try YAMLSource.load(
            YAMLSourceTests.definition(["content": .string(text)]),
            plugin: YAMLSourceTests.plugin("agents"))
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.entities.map(\.name) == ["a", "b"])
        #expect(loaded.entities.map(\.kind) == ["Agent", "Agent"])
        #expect(loaded.entities.map(\.line) == [2, 5])
        #expect(loaded.entities[0].doc == ["name": "a", "version": "1.0"])
    }

    @Test("may be empty only if it says so")
    func empty() throws {
        let plugin = try YAMLSourceTests.plugin("agents")
        #expect(
            try YAMLSource.parse("agents: []\n", file: "f", plugin: plugin).entities.isEmpty)
        #expect(try refusal("")?.code == .invalidField)
        #expect(try refusal("agents:\n")?.code == .invalidField)
        #expect(try refusal("{}\n")?.code == .missingField)
    }

    @Test(
        "applies its globs to full names in any case",
        arguments: [
            ([], [], ["Acme/one", "acme/two-beta", "other"]),
            (["acme/*"], [], ["Acme/one", "acme/two-beta"]),
            (["ACME/*"], ["*-Beta"], ["Acme/one"]),
            ([], ["*"], []),
            (["other", "*/one"], [], ["Acme/one", "other"]),
            (["acme"], [], []),
            (["*e*"], ["o*r"], ["Acme/one", "acme/two-beta"]),
        ] as [([String], [String], [String])])
    func globs(included: [String], excluded: [String], expected: [String]) throws {
        let text = "agents: [{name: Acme/one}, {name: acme/two-beta}, {name: other}]"
        let loaded = try YAMLSource.load(
            YAMLSourceTests.definition(
                ["content": .string(text)], included: included, excluded: excluded),
            plugin: YAMLSourceTests.plugin("agents"))
        #expect(loaded.entities.map(\.name) == expected)
    }

    @Test("of models takes excluded models from its properties too")
    func excludedModels() throws {
        let content = "source: Acme\nmodels: [{name: acme/a}, {name: acme/b}, {name: acme/c}]"
        let loaded = try YAMLSource.load(
            YAMLSourceTests.definition(
                ["content": .string(content), "excludedModels": ["*/a"]], plugin: "model",
                excluded: ["*/b"]),
            plugin: YAMLSourceTests.plugin("model"))
        #expect(loaded.entities.map(\.name) == ["acme/c"])
        #expect(loaded.warnings.isEmpty)
        for bad: JSONValue in ["*/a", [""], [1]] {
            #expect(throws: LoadError(.invalidField, file: "", "")) {
                try YAMLSource.load(
                    YAMLSourceTests.definition(
                        ["content": .string(content), "excludedModels": bad], plugin: "model"),
                    plugin: YAMLSourceTests.plugin("model"))
            }
        }
    }

    @Test("warns of what has no effect")
    func warnings() throws {
        let loaded = try YAMLSource.load(
            YAMLSourceTests.definition(
                ["content": "agents: []", "path": "x.yaml", "contents": 1],
                included: ["A*"], excluded: ["a*"]),
            plugin: YAMLSourceTests.plugin("agents"))
        #expect(loaded.warnings.count == 3)
    }

    @Test(
        "is refused as a whole with the place of each problem",
        arguments: [
            ("agents", "agent: []\n", "f.yaml:1:1: "),
            ("agents", "agents: {}\n", "f.yaml:1:9: "),
            ("agents", "agents: []\nsource: x\n", "f.yaml:2:1: "),
            ("model", "models: []\nsource: 5\n", "f.yaml:2:9: "),
            ("agents", "agents:\n  - just text\n", "f.yaml:2:5: "),
            ("agents", "agents:\n  - name: a\n  - version: \"1\"\n", "f.yaml:3:5: "),
            ("agents", "agents:\n  - name: a\n    version: 1.0\n", "f.yaml:3:5: "),
            ("agents", "agents:\n  - name: a\n    agentTyp: x\n", "f.yaml:3:5: "),
            ("agents", "agents:\n  - name: a\n    tools:\n      - {x: 1}\n", "f.yaml:4:10: "),
            ("agents", "agents:\n  - name: ' a'\n", "f.yaml:2:5: "),
            ("mcp", "mcpservers:\n  - name: a\n", "f.yaml:2:5: "),
            ("mcp", "mcpservers:\n  - {name: a, deploymentMode: hybrid}\n", "f.yaml:2:15: "),
        ])
    func refusals(plugin: String, text: String, start: String) throws {
        let error = try #require(try refusal(text, plugin: plugin))
        #expect(error.message.hasPrefix(start), "\(error)")
    }

    @Test("suggests the field that was meant")
    func hints() throws {
        let error = try #require(try refusal("agents: [{name: a, agentTyp: x}]"))
        #expect(error.code == .invalidEntity)
        #expect(error.message.hasSuffix("did you mean \"agentType\"?"), "\(error)")
        #expect(error.message.contains("agent \"a\": agentTyp: "))
    }

    @Test("names both lines of a name given twice")
    func duplicates() throws {
        let error = try #require(
            try refusal("agents:\n  - name: a\n  - name: b\n  - version: \"1\"\n    name: a\n"))
        #expect(error.code == .duplicateName)
        #expect(
            error.message == "f.yaml:5:5: agent \"a\" is given twice, at lines 2 and 4")
    }

    @Test("lists several problems, the first one first")
    func several() throws {
        let text = "agents:\n" + (0..<30).map { "  - {name: n\($0), version: 1}\n" }.joined()
        let error = try #require(try refusal(text))
        #expect(error.problems.count == 20)
        #expect(error.omitted == 10)
        #expect(error.problems.first?.position?.line == 2)
        #expect(error.problems.last?.position?.line == 21)
    }

    @Test(
        "is not read if of another type",
        arguments: [("agents", "git"), ("model", "hf"), ("skills", "git")])
    func types(plugin: String, type: String) throws {
        do {
            _ = try YAMLSource.load(
                YAMLSourceTests.definition([:], plugin: plugin, type: type),
                plugin: YAMLSourceTests.plugin(plugin))
            Issue.record("a source of type \(type) was loaded")
        } catch let error as LoadError {
            #expect(error.code == .unsupportedType)
            let known = error.message.contains("nothing here loads sources of type \(type)")
            #expect(known == (plugin != "skills"))
        }
    }

    @Test("reads its file relative to the configuration, within a root if asked")
    func files() throws {
        let manager = FileManager.default
        let base = manager.temporaryDirectory.appendingPathComponent("yaml-source-\(UUID())")
        let inner = base.appendingPathComponent("inner")
        try manager.createDirectory(at: inner, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: base) }
        let file = base.appendingPathComponent("agents.yaml")
        try Data("agents: [{name: a}]".utf8).write(to: file)
        try manager.createSymbolicLink(
            at: inner.appendingPathComponent("link.yaml"), withDestinationURL: file)
        let plugin = try YAMLSourceTests.plugin("agents")
        for path in ["../agents.yaml", "link.yaml", file.path] {
            let definition = YAMLSourceTests.definition(
                ["yamlCatalogPath": .string(path)], directory: inner.path)
            #expect(try YAMLSource.load(definition, plugin: plugin).entities.count == 1)
            let within = try YAMLSource.load(definition, plugin: plugin, within: base.path)
            #expect(within.entities.count == 1)
            #expect(throws: LoadError(.unreadable, file: "", "")) {
                try YAMLSource.load(definition, plugin: plugin, within: inner.path)
            }
        }
        for path in ["missing.yaml", "."] {
            #expect(throws: LoadError(.unreadable, file: "", "")) {
                try YAMLSource.load(
                    YAMLSourceTests.definition(["path": .string(path)], directory: inner.path),
                    plugin: plugin)
            }
        }
        #expect(throws: LoadError(.invalidField, file: "", "")) {
            try YAMLSource.load(
                YAMLSourceTests.definition(["path": "agents.yaml"]), plugin: plugin)
        }
        #expect(throws: LoadError(.missingField, file: "", "")) {
            try YAMLSource.load(YAMLSourceTests.definition([:]), plugin: plugin)
        }
        try Data([0x61, 0xFF]).write(to: file)
        #expect(throws: LoadError(.unreadable, file: "", "")) {
            try YAMLSource.load(
                YAMLSourceTests.definition(["path": .string(file.path)]), plugin: plugin)
        }
    }
}
