import Testing

@Suite("The repository is tidy")
struct TidyTests {
    private func none(_ violations: [String]) -> Comment {
        Comment(rawValue: violations.joined(separator: "\n"))
    }

    @Test func thereIsSomethingToLookAt() {
        #expect(Repository.swiftFiles.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
        #expect(Repository.swiftFiles.contains { $0.target == "Telemetry" })
    }

    @Test func importsFollowTheTable() {
        let violations = Repository.swiftFiles.flatMap(TidyRules.imports)
        #expect(violations.isEmpty, none(violations))
    }

    @Test func unsafeCodeIsInItsPlacesWithItsReason() {
        let violations = Repository.swiftFiles.flatMap(TidyRules.unsafeCode)
        #expect(violations.isEmpty, none(violations))
    }

    @Test func filesAndLinesKeepTheirLimits() {
        let violations = Repository.codeFiles.flatMap(TidyRules.lengths)
        #expect(violations.isEmpty, none(violations))
    }

    @Test func functionsKeepTheirLimit() {
        let violations = Repository.swiftFiles.flatMap(TidyRules.functions)
        #expect(violations.isEmpty, none(violations))
    }

    @Test func noBannedWords() {
        let violations = Repository.codeFiles.flatMap {
            TidyRules.occurrences(of: TidyRules.bannedWords, in: $0)
        }
        #expect(violations.isEmpty, none(violations))
    }

    @Test func noPathsOfOneMachine() {
        let violations = Repository.textFiles.flatMap {
            TidyRules.occurrences(of: TidyRules.machinePaths, in: $0)
        }
        #expect(violations.isEmpty, none(violations))
    }

    @Test func noFoldersForEverything() {
        let violations = Repository.textFiles.map(\.path).filter { path in
            path.split(separator: "/").dropLast().contains {
                TidyRules.bannedFolders.contains(String($0))
            }
        }
        #expect(violations.isEmpty, none(violations))
    }

    @Test func linksOfTheDocsLeadSomewhere() {
        let violations = Repository.textFiles.filter { $0.path.hasSuffix(".md") }.flatMap { file in
            TidyRules.links(file).filter { !Repository.exists($0) }.map { "\(file.path): \($0)" }
        }
        #expect(violations.isEmpty, none(violations))
    }

    @Test(arguments: [
        "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Package.swift",
        ".swift-format", ".editorconfig", ".gitignore", "docs/architecture.md",
        "docs/glossary.md", "catalogs/sources.yaml",
    ])
    func fileIsThere(path: String) {
        #expect(Repository.exists(path))
    }

    @Test(arguments: [
        "scripts/setup", "scripts/postgres", "scripts/run", "scripts/test", ".ci/run",
    ])
    func scriptCanBeExecuted(path: String) {
        #expect(Repository.isExecutable(path))
    }
}
