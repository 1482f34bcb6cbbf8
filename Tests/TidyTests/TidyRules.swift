import Foundation

/// The rules of the house; each gives a sentence for every place that breaks it.
enum TidyRules {
    static let fileLines = 400
    static let functionLines = 70
    static let columns = 120

    /// Words that have no place in finished code; cut in two, so that this file passes.
    static let bannedWords = [
        "TO" + "DO", "FIX" + "ME", "fatal" + "Error(", "try" + "!", "Task." + "detached",
        "Dispatch" + "Queue", "us" + "leep(", "Thread." + "sleep",
    ]

    /// Parts of paths that exist on one machine only.
    static let machinePaths = [
        "/wo" + "rk/", "/fa" + "rm/", "/opt/swift-pack" + "ages", ".lib" + "rary/", "/tmp" + "/w/",
        "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/",
    ]

    static let bannedFolders: Set<String> = ["Utils", "Helpers", "Common", "Misc", "New"]

    /// Imports that the table does not allow.
    static func imports(_ file: TextFile) -> [String] {
        guard let target = file.target else { return [] }
        guard let allowed = ImportTable.allowed[target] else {
            return ["\(file.path): target \(target) is not in the import table"]
        }
        return file.lines.compactMap { line in
            guard let module = importedModule(line) else { return nil }
            guard allowed.union(ImportTable.everywhere).contains(module) else {
                return "\(file.path): \(target) may not import \(module)"
            }
            if target == "WritePath",
                let rule = ImportTable.narrowed.first(where: { $0.module == module }),
                !file.path.hasPrefix(rule.folder)
            {
                return "\(file.path): \(module) may be imported below \(rule.folder) only"
            }
            return nil
        }
    }

    /// The module that a line imports, with or without attributes, access level and kind.
    static func importedModule(_ line: String) -> String? {
        var words = code(of: line).split(separator: " ")
        let levels: Set<Substring> = ["package", "public", "internal", "fileprivate", "private"]
        while let word = words.first, word.hasPrefix("@") || levels.contains(word) {
            words.removeFirst()
        }
        guard words.first == "import", words.count > 1 else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "typealias"]
        let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
        return name.split(separator: ".").first.map(String.init)
    }

    /// Unsafe code outside its places, and unsafe promises without their reason.
    static func unsafeCode(_ file: TextFile) -> [String] {
        guard file.target != nil else { return [] }
        let isPlace = ImportTable.unsafePlaces.contains { file.path.hasPrefix($0) }
        var violations: [String] = []
        for (index, line) in file.lines.enumerated() {
            let code = code(of: line)
            let promises = code.contains("@unchecked") || code.contains("nonisolated(unsafe)")
            guard promises || hasUnsafeExpression(code) else { continue }
            if !isPlace {
                violations.append("\(file.path):\(index + 1): unsafe code outside its places")
            } else if promises, !hasReason(at: index, in: file.lines) {
                violations.append("\(file.path):\(index + 1): no SAFETY sentence above")
            }
        }
        return violations
    }

    /// Whether the word `unsafe` stands in the code as a marker.
    private static func hasUnsafeExpression(_ code: String) -> Bool {
        code.contains("unsafe ")
            && code.split(whereSeparator: { " (){}[],:=!&".contains($0) }).contains("unsafe")
    }

    /// Whether a SAFETY sentence opens the body of a type, or stands directly above a declaration,
    /// perhaps with attributes and declarations of the same kind between.
    private static func hasReason(at index: Int, in lines: [String]) -> Bool {
        func isReason(_ line: String) -> Bool {
            line.trimmingCharacters(in: .whitespaces).hasPrefix("// SAFETY:")
        }
        if index + 1 < lines.count, lines[index].hasSuffix("{"), isReason(lines[index + 1]) {
            return true
        }
        for line in lines[..<index].reversed() {
            if isReason(line) { return true }
            let text = line.trimmingCharacters(in: .whitespaces)
            let continues = text.hasPrefix("//") || text.hasPrefix("@")
            guard continues || text.contains("nonisolated(unsafe)") else { return false }
        }
        return false
    }

    /// Files, lines and functions over their limits.
    static func lengths(_ file: TextFile) -> [String] {
        var violations: [String] = []
        if file.length > fileLines {
            violations.append("\(file.path): \(file.length) lines, \(fileLines) are allowed")
        }
        for (index, line) in file.lines.enumerated() where line.count > columns {
            violations.append("\(file.path):\(index + 1): \(line.count) columns")
        }
        return violations
    }

    /// Functions over their limit, told by the indentation that the formatter guarantees.
    static func functions(_ file: TextFile) -> [String] {
        guard file.target != nil else { return [] }
        var violations: [String] = []
        var open: [(indent: Int, line: Int)] = []
        for (index, line) in file.lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let words = code(of: line).split(whereSeparator: { " (<".contains($0) })
            if words.contains("func"), !line.hasSuffix("}") {
                open.append((indent, index))
            } else if line.dropFirst(indent).hasPrefix("}"), let last = open.last,
                last.indent == indent
            {
                open.removeLast()
                if index - last.line - 1 > functionLines {
                    violations.append("\(file.path):\(last.line + 1): function over the limit")
                }
            }
            // A function without a body ends where something begins at its own depth.
            while let last = open.last, index > last.line, !line.isEmpty, indent < last.indent {
                open.removeLast()
            }
        }
        return violations
    }

    /// Words of a list that occur in a file, with their lines.
    static func occurrences(of words: [String], in file: TextFile) -> [String] {
        var violations: [String] = []
        for (index, line) in file.lines.enumerated() {
            for word in words where line.contains(word) {
                violations.append("\(file.path):\(index + 1): \(word)")
            }
        }
        return violations
    }

    /// Relative links of a Markdown file as paths from the root.
    static func links(_ file: TextFile) -> [String] {
        var links: [String] = []
        var inCode = false
        for line in file.lines {
            if line.hasPrefix("```") {
                inCode.toggle()
            }
            guard !inCode else { continue }
            for match in line.matches(of: /\]\(([^)\s#]+)(?:#[^)]*)?\)/) {
                let link = String(match.1)
                guard !link.contains("://"), !link.hasPrefix("mailto:") else { continue }
                links.append(link.hasPrefix("/") ? String(link.dropFirst()) : file.folder + link)
            }
        }
        return links
    }

    /// A line without its comment; a comment sign inside a string ends it too, which is harmless.
    private static func code(of line: String) -> String {
        guard let comment = line.range(of: "//") else { return line }
        return String(line[..<comment.lowerBound])
    }
}
