import Foundation
import TestSupport

/// A document of the project as the commands that it tells operators to run.
///
/// Blocks marked `sh` are run, line by line and in one shell for the whole document. Lines that begin
/// with `#>` say what the commands above them print, back to the last such lines; `…` stands for any
/// text. Blocks marked `sh` and a word are not run; `RunbookDocument.exceptions` has the reasons.
struct RunbookDocument: Sendable {
    /// What stands between two fences.
    struct Block: Sendable {
        /// What follows the opening fence, such as `sh`.
        let language: String
        /// Where the opening fence stands.
        let place: String
        var lines: [String] = []
    }

    /// Commands that follow each other, and lines that they print.
    struct Step: Sendable {
        let place: String
        var commands: [String] = []
        var expected: [String] = []
    }

    /// Why commands of some blocks are not run, and which commands these may be.
    static let exceptions: [String: (reason: String, programs: Set<String>)] = [
        "kubectl": ("needs a cluster; ManifestTests check what it is given", ["kubectl"]),
        "docker": ("needs a daemon for containers", ["docker"]),
        "debian": (
            "changes the machine; PackageTests do it in a Debian of their own",
            ["scripts/package", "apt-get", "sudo", "echo", "systemctl"]
        ),
        "bench": (
            "measures for minutes and needs a quiet machine",
            ["bench/run", "swift", "BENCH_SECONDS=60"]
        ),
    ]

    /// Every document of the project that can tell people what to do, by its path.
    static func all() throws -> [String] {
        let files = FileManager.default
        let root = ServerFiles.repository
        let own = try ["", "docs/", "bench/"].flatMap { folder in
            try files.contentsOfDirectory(atPath: "\(root)/\(folder)")
                .filter { $0.hasSuffix(".md") }.map { folder + $0 }
        }
        return own.sorted()
    }

    let name: String
    let blocks: [Block]
    /// The lines outside of blocks.
    let prose: [String]

    /// Reads a file of the folder `docs`, or one by its path from the root.
    init(_ name: String) throws {
        let isPath = name.contains("/") || name.first?.isUppercase == true
        let text = try String(
            contentsOfFile: "\(ServerFiles.repository)/\(isPath ? name : "docs/\(name)")",
            encoding: .utf8)
        var blocks: [Block] = []
        var open: Block?
        var prose: [String] = []
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            guard line.hasPrefix("```") else {
                if open == nil { prose.append(line) } else { open?.lines.append(line) }
                continue
            }
            if let block = open {
                blocks.append(block)
                open = nil
            } else {
                open = Block(language: String(line.dropFirst(3)), place: "\(name):\(index + 1)")
            }
        }
        self.name = name
        self.blocks = blocks
        self.prose = prose
    }

    /// The headings, without their marks.
    var chapters: [String] {
        prose.filter { $0.hasPrefix("#") }.map {
            $0.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
        }
    }

    /// Everything that is run, in its order.
    var steps: [Step] {
        blocks.filter { $0.language == "sh" }.flatMap { block in
            var steps: [Step] = []
            for line in block.lines {
                if line.hasPrefix("#>") {
                    let text = line.dropFirst(2).trimmingCharacters(in: .whitespaces)
                    steps[steps.count - 1].expected.append(text)
                } else {
                    let isNext = steps.last?.expected.isEmpty != true
                    if isNext { steps.append(Step(place: block.place)) }
                    steps[steps.count - 1].commands.append(line)
                }
            }
            return steps
        }
    }

    /// Whether a line is what the pattern says, in which `…` stands for any text.
    static func matches(_ line: String, _ pattern: String) -> Bool {
        let parts = pattern.components(separatedBy: "…")
        guard parts.count > 1 else { return line == pattern }
        guard line.hasPrefix(parts[0]) else { return false }
        var rest = line.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.range(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
