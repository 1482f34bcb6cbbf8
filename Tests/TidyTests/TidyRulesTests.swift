import Testing

@Suite("The rules of tidiness find what they look for")
struct TidyRulesTests {
    private func file(_ path: String, _ text: String) -> TextFile {
        TextFile(path: path, text: text)
    }

    @Test(arguments: [
        ("import NIOCore", "NIOCore"), ("package import LMDB  // why", "LMDB"),
        ("@preconcurrency internal import A", "A"), ("import struct Foundation.Data", "Foundation"),
        ("// import A", nil), ("let a = important", nil), ("importing()", nil),
    ])
    func importedModule(line: String, module: String?) {
        #expect(TidyRules.importedModule(line) == module)
    }

    @Test(arguments: [
        ("Sources/ReadPath/A.swift", "import WritePath"),
        ("Sources/WritePath/A.swift", "import ReadPath"),
        ("Sources/ReadPath/A.swift", "package import Foundation"),
        ("Sources/WritePath/Jobs/A.swift", "import Foundation"),
        ("Sources/Invalidation/A.swift", "import NIOCore"),
        ("Sources/Unknown/A.swift", ""),
    ])
    func forbiddenImports(path: String, line: String) {
        #expect(TidyRules.imports(file(path, line)).count == 1)
    }

    @Test(arguments: [
        ("Sources/ReadPath/A.swift", "import LMDB"),
        ("Sources/WritePath/Sources/A.swift", "import Foundation"),
        ("Tests/ReadPathTests/A.swift", "import Foundation"),
        ("Sources/Server/A.swift", "import Hummingbird\nimport Synchronization"),
    ])
    func allowedImports(path: String, text: String) {
        #expect(TidyRules.imports(file(path, text)).isEmpty)
    }

    @Test func unsafeCodeOutsideItsPlaces() {
        for line in [
            "let a = unsafe b", "final class A: @unchecked Sendable {",
            "nonisolated(unsafe) var a = 1", "return try unsafe f()",
        ] {
            #expect(TidyRules.unsafeCode(file("Sources/Server/A.swift", line)).count == 1)
        }
        let harmless = "// unsafe code\nlet unsafePlaces = 1\nlet text = isunsafe "
        #expect(TidyRules.unsafeCode(file("Sources/Server/A.swift", harmless)).isEmpty)
    }

    @Test func promisesNeedAReason() {
        let bare = "\nfinal class A: @unchecked Sendable {"
        let reasoned = "// SAFETY: never changed.\n// Really.\n@safe" + bare
        let far = "// SAFETY: of something else.\nlet a = 1" + bare
        let path = "Sources/LMDB/A.swift"
        #expect(TidyRules.unsafeCode(file(path, bare)).count == 1)
        #expect(TidyRules.unsafeCode(file(path, far)).count == 1)
        #expect(TidyRules.unsafeCode(file(path, reasoned)).isEmpty)
        #expect(TidyRules.unsafeCode(file(path, bare + "\n    // SAFETY: locked.")).isEmpty)
        let pair =
            "// SAFETY: one thread.\nnonisolated(unsafe) var a = 1\nnonisolated(unsafe) var b = 1"
        #expect(TidyRules.unsafeCode(file(path, pair)).isEmpty)
    }

    @Test func limitsOfLength() {
        let long = String(repeating: "x\n", count: TidyRules.fileLines)
        #expect(TidyRules.lengths(file("a.swift", long)).isEmpty)
        #expect(TidyRules.lengths(file("a.swift", long + "x\n")).count == 1)
        let wide = String(repeating: "x", count: TidyRules.columns)
        #expect(TidyRules.lengths(file("a.swift", wide)).isEmpty)
        #expect(TidyRules.lengths(file("a.swift", wide + "x")).count == 1)
    }

    @Test func limitOfFunctions() {
        func function(_ lines: Int) -> String {
            "struct A {\n    func a(\n    ) -> Int {\n"
                + String(repeating: "        x {\n        }\n", count: lines / 2) + "    }\n}\n"
        }
        #expect(TidyRules.functions(file("Sources/A/A.swift", function(68))).isEmpty)
        #expect(TidyRules.functions(file("Sources/A/A.swift", function(72))).count == 1)
        let requirements = "protocol A {\n    func a()\n    func b()\n}\n" + function(60)
        #expect(TidyRules.functions(file("Sources/A/A.swift", requirements)).isEmpty)
    }

    @Test func wordsAndLinks() {
        let marked = "let a = 1  // " + TidyRules.bannedWords[0] + " more\n"
        #expect(
            TidyRules.occurrences(of: TidyRules.bannedWords, in: file("a.swift", marked)).count == 1
        )
        let text = """
            [a](b.md) [c](../d.md#e) [f](https://g) [h](#i)
            ```
            [j](k.md)
            ```
            """
        #expect(TidyRules.links(file("docs/x.md", text)) == ["docs/b.md", "docs/../d.md"])
    }
}
