import CatalogModel
import Testing

@Suite("Namespaces, names and source ids")
struct IdentifierTests {
    @Test(
        "Valid namespaces are taken",
        arguments: ["a", "0", "team-a", "a--b", "default", String(repeating: "x", count: 63)])
    func validNamespace(name: String) throws {
        #expect(try Namespace(name).name == name)
    }

    @Test(
        "Malformed namespaces are refused",
        arguments: ["", "Team-A", "team@a", "-team", "team-", "ä"])
    func invalidNamespace(name: String) throws {
        let error = #expect(throws: RequestError.self) { try Namespace(name) }
        #expect(error?.code == .badRequest)
        let message =
            "namespace \"\(name)\" is invalid: must consist of lowercase alphanumeric characters "
            + "or hyphens, and must start and end with an alphanumeric character"
        #expect(error?.message == message)
    }

    @Test("Overlong namespaces have a message of their own")
    func longNamespace() {
        let name = String(repeating: "x", count: 64)
        let error = #expect(throws: RequestError.self) { try Namespace(name) }
        #expect(error?.message == "namespace \"\(name)\" exceeds maximum length of 63 characters")
    }

    @Test("A missing namespace has the message that clients expect")
    func missingNamespace() {
        let message =
            "namespace is required in multi-tenant mode "
            + "(use ?namespace= query param or X-Namespace header)"
        #expect(Namespace.missing.message == message)
        #expect(Namespace.default.name == "default")
    }

    @Test(
        "Usable entity names are taken",
        arguments: [
            "a", "acme-ai/neural-7b-instruct", "a:b", "x:batcher", "Grüße", "a b", "...", "a/.b",
            String(repeating: "ä", count: 95),
        ])
    func validEntityName(name: String) throws {
        try EntityName.validate(name)
    }

    @Test(
        "Unusable entity names are refused",
        arguments: [
            "", " a", "a ", "a\n", "a\u{0}b", "a\tb", "/a", "a/", "a//b", ".", "..", "a/./b",
            "a/../b", "x:batch", "x:action", "x:cancel", "x:validate", "x:rollback", ":action",
            "\u{85}", "a//\u{301}b", "/\u{301}b", "\u{A0}a", String(repeating: "ä", count: 96),
        ])
    func invalidEntityName(name: String) {
        #expect(throws: RequestError.badRequest("")) { try EntityName.validate(name) }
    }

    @Test("Source ids follow their pattern")
    func sourceIDs() {
        for id in ["mcp-default", "organization_ai_models", "0", String(repeating: "a", count: 63)]
        {
            #expect(SourceID.isValid(id))
        }
        for id in ["", "-a", "_a", "A", "a.b", "ä", String(repeating: "a", count: 64)] {
            #expect(!SourceID.isValid(id))
            #expect(throws: RequestError.badRequest("")) { try SourceID.validate(id) }
        }
    }

    @Test("Revisions are read from decimal digits only")
    func revisions() {
        #expect(Revision(text: "42") == Revision(42))
        for text in ["", "+1", "-1", "1.0", " 1", "18446744073709551616"] {
            #expect(Revision(text: text) == nil)
        }
        #expect(Revision.zero < Revision(1))
        #expect(Revision(7).next.description == "8")
    }

    @Test(
        "Globs match whole names in any case",
        arguments: [
            ("acme/*", "acme/x", true), ("acme/*", "ACME/x/y", true), ("acme/*", "acme", false),
            ("*-beta", "a-BETA", true), ("*-beta", "a-beta-2", false), ("*", "", true),
            ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXc", false), ("a?c", "abc", false),
            ("a?c", "a?c", true), ("a.c", "abc", false), ("**", "x", true), ("ab", "ab", true),
            ("ab", "abc", false), ("É*", "ébène", true), ("*a*a*a*a*b", "aaaaaaaaaaaaaaaa", false),
        ])
    func globs(pattern: String, name: String, matches: Bool) throws {
        #expect(try ItemPattern(pattern).matches(name) == matches)
    }

    @Test("Selection takes what is included and not excluded")
    func selection() throws {
        #expect(try ItemSelection().includes("x"))
        let selection = try ItemSelection(included: ["acme/*", "b"], excluded: ["*-beta", "B"])
        #expect(selection.includes("acme/a"))
        #expect(!selection.includes("acme/a-beta"))
        #expect(!selection.includes("other"))
        #expect(!selection.includes("b"))
        #expect(selection.contradictions == ["b"])
        #expect(throws: RequestError.badRequest("")) { try ItemSelection(included: [""]) }
        #expect(throws: RequestError.badRequest("")) { try ItemSelection(excluded: ["  "]) }
    }
}
