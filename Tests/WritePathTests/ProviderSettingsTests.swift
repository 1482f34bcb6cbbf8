import CatalogModel
import Testing

@testable import WritePath

@Suite("What providers read")
struct ProviderSettingsTests {
    private func definition(_ properties: JSONObject, type: String = "hf") -> SourceDefinition {
        SourceDefinition(plugin: "model", id: "s", name: "S", type: type, properties: properties)
    }

    @Test(
        "a pattern of paths",
        arguments: [
            ("**/*.yaml", "a.yaml", true), ("**/*.yaml", "a/b/c.yaml", true),
            ("**/*.yaml", "a/b.yml", false), ("*.yaml", "a/b.yaml", false),
            ("./a/*.yaml", "a/b.yaml", true), ("/a/*.yaml", "a/b.yaml", true),
            ("a/**", "a/b/c", true), ("a/**", "a", true), ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/b/c", true), ("a/**/c", "a/b/d", false), ("**", "x/y", true),
            ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*", "xaybz", true),
            ("*a*b*", "xbya", false), ("A.yaml", "a.yaml", false), ("a*", "a/b", false),
            ("**/**/x", "x", true),
        ])
    func globs(pattern: String, path: String, matches: Bool) throws {
        #expect(try #require(PathGlob(pattern)).matches(path) == matches)
    }

    @Test("a pattern that leads out is none", arguments: ["", "/", "..", "a/../b", "."])
    func badGlobs(pattern: String) { #expect(PathGlob(pattern) == nil) }

    @Test("a pattern of many stars takes no time")
    func hostileGlob() throws {
        let glob = try #require(PathGlob(String(repeating: "**/", count: 60) + "x"))
        #expect(!glob.matches(String(repeating: "a/", count: 2_000) + "y"))
    }

    @Test(
        "an interval",
        arguments: [
            ("1h", 3_600_000), ("1h30m", 5_400_000), ("90s", 90_000), ("1.5s", 1_500),
            ("250ms", 250), ("", nil), ("1", nil), ("h", nil), ("-1h", nil), ("1d", nil),
            ("1h ", nil), ("1e9h", nil),
        ] as [(String, Int?)])
    func intervals(text: String, ms: Int?) {
        #expect(SyncInterval.parse(text) == ms.map { .milliseconds($0) })
    }

    @Test("intervals have their standards")
    func standardIntervals() throws {
        #expect(try SyncInterval.of(definition([:], type: "git")) == .seconds(3_600))
        #expect(try SyncInterval.of(definition([:], type: "http")) == .seconds(86_400))
        #expect(try SyncInterval.of(definition([:], type: "hf")) == .seconds(86_400))
        #expect(try SyncInterval.of(definition([:], type: "yaml")) == nil)
    }

    @Test("models of a hub become one query each, in order")
    func patterns() throws {
        let patterns = try HubPatterns(
            ProviderSettings(
                definition([
                    "includedModels": ["b/one", "a/*", "a/pre*", "b/one"],
                    "excludedModels": ["a/x*"],
                ])))
        #expect(
            patterns.queries == [
                .model("b/one"), .models(author: "a", prefix: ""),
                .models(author: "a", prefix: "pre"),
            ])
        #expect(patterns.selection.includes("a/y") && !patterns.selection.includes("a/x1"))
    }

    @Test("what a hub leaves out or gives in another form is no harm")
    func sparseModel() throws {
        let kind = try #require(Plugins.named("model")?.kinds.first)
        let bare = HubModel.entity("org/m", ["id": "org/m"], readme: nil, syncedAtMs: 1_500)
        #expect(bare.doc["provider"] == "org")
        #expect(bare.doc["license"] == nil && bare.doc["tasks"] == nil)
        #expect(
            bare.doc["customProperties"]?.value(at: "last_synced.string_value")
                == "1970-01-01T00:00:01Z")
        let odd = HubModel.entity(
            "org/m",
            [
                "tags": "one", "gated": true,
                "cardData": ["license": ["mit", "x"], "language": 7],
                "config": [], "author": "a\u{0}b",
            ], readme: "r", syncedAtMs: 0)
        #expect(odd.doc["license"] == "mit")
        #expect(odd.doc["provider"] == "org")
        #expect(odd.doc["customProperties"]?.value(at: "hf_gated.string_value") == "true")
        for entity in [bare, odd] {
            let errors = EntityValidator.validate(
                entity.doc, kind: kind, origin: .file)
            #expect(errors.isEmpty, "\(errors)")
        }
        #expect(HubModel.id(["id": "../x"]) == nil)
        #expect(HubModel.id(["id": "a/b/c"]) == nil)
        #expect(HubModel.id([:]) == nil)
    }

    @Test("a model that differs by the time of asking alone stays as it was")
    func settled() {
        func model(_ at: Int64, _ author: String) -> LoadedEntity {
            HubModel.entity(
                "a/b", ["author": .string(author)], readme: nil, syncedAtMs: at)
        }
        #expect(HubModel.settled(model(9_000, "x"), model(1_000, "x")) == model(1_000, "x"))
        #expect(HubModel.settled(model(9_000, "y"), model(1_000, "x")) == model(9_000, "y"))
        #expect(HubModel.settled(model(9_000, "x"), nil) == model(9_000, "x"))
    }
}
