import CatalogModel
import Testing
import WritePath

@Suite("Aliases that multiply")
struct YAMLAliasTests {
    /// Anchors that each list the one before several times.
    private func bomb(levels: Int, width: Int) -> String {
        var text = "l0: &l0 [x, x, x]\n"
        for level in 1...levels {
            let aliases = Array(repeating: "*l\(level - 1)", count: width)
            text += "l\(level): &l\(level) [\(aliases.joined(separator: ", "))]\n"
        }
        return text
    }

    private func refusal(of text: String) -> LoadError? {
        do {
            _ = try YAMLDocument.parse(text, file: "test.yaml")
            return nil
        } catch {
            return error
        }
    }

    @Test("are refused as values")
    func values() {
        #expect(refusal(of: bomb(levels: 12, width: 9))?.code == .tooLarge)
        #expect(refusal(of: bomb(levels: 60, width: 2))?.code == .tooLarge)
    }

    @Test(
        "are refused as keys before they are expanded",
        arguments: [
            "? *l39\n: 1\n", "*l39 : 1\n", "{?*l39 : 1}\n", "? [*l39]\n: 1\n", "[*l39]: 1\n",
            "m: {[*l39]: 1}\n", "m:\n  - ? *l39\n",
        ])
    func keys(ending: String) {
        let error = refusal(of: bomb(levels: 39, width: 2) + ending)
        #expect(error?.code == .tooLarge)
        #expect(
            error?.message.hasPrefix("test.yaml:41:") == true
                || error?.message.hasPrefix("test.yaml:42:") == true)
    }

    @Test("are refused when long texts multiply")
    func texts() {
        let text =
            "a: &a " + String(repeating: "x", count: 1 << 20) + "\n"
            + "b: [" + Array(repeating: "*a", count: 100).joined(separator: ", ") + "]\n"
        #expect(refusal(of: text)?.code == .tooLarge)
    }

    @Test("are refused when there are too many")
    func number() {
        let uses = Array(repeating: "*a", count: SourceLimits.aliases + 1)
        let text = "a: &a 1\nb: [" + uses.joined(separator: ", ") + "]\n"
        #expect(refusal(of: text)?.code == .tooLarge)
    }

    @Test("are not mistaken for text that looks like them")
    func lookalikes() throws {
        let list = (0..<50).map { "  * item \($0) & more *emphasis* {{ x }}: [y]: ? z\n" }.joined()
        let text = "a: &a 1\nb: *a\nc: |\n" + list
        let root = try YAMLDocument.parse(text, file: "test.yaml")
        #expect(root.member("b")?.value.toJSON() == 1)
    }
}
