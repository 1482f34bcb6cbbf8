/// Refuses texts that would make the YAML library slow or vague, before it sees them.
///
/// The library compares keys by their expanded value, so that nested aliases inside keys cost
/// exponential time. Aliases are therefore counted here, by their look: a few too many are found
/// in quoted texts, none are missed. Takes time linear in the text.
struct YAMLTextCheck {
    private let bytes: [UInt8]
    private let file: String

    init(text: String, file: String) {
        self.bytes = Array(text.utf8.prefix(SourceLimits.fileBytes + 1))
        self.file = file
    }

    func check() throws(LoadError) {
        guard bytes.count <= SourceLimits.fileBytes else {
            throw LoadError(
                .tooLarge, file: file, "more than \(SourceLimits.fileBytes) bytes")
        }
        if let offset = bytes.firstIndex(where: YAMLTextCheck.isForbidden) {
            throw LoadError(
                .yamlSyntax, file: file, at: position(of: offset),
                "the control character \(bytes[offset]) is not allowed")
        }
        try checkAliases()
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D) || byte == 0x7F
    }

    private func checkAliases() throws(LoadError) {
        let anchors = Set(tokens(of: UInt8(ascii: "&")).map { bytes[$0] })
        guard !anchors.isEmpty else { return }
        let aliases = tokens(of: UInt8(ascii: "*")).filter { anchors.contains(bytes[$0]) }
        if aliases.count > SourceLimits.aliases {
            throw LoadError(
                .tooLarge, file: file, at: position(of: aliases[SourceLimits.aliases].lowerBound),
                "more than \(SourceLimits.aliases) aliases")
        }
        guard aliases.count > SourceLimits.aliasesBesideComplexKeys,
            let key = firstComplexKey(aliases)
        else { return }
        throw LoadError(
            .tooLarge, file: file, at: position(of: key),
            "more than \(SourceLimits.aliasesBesideComplexKeys) aliases in a document that has "
                + "aliases, lists or maps as keys")
    }

    /// The names that follow a mark where the mark can start an anchor or an alias.
    private func tokens(of mark: UInt8) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while let next = bytes[index...].firstIndex(of: mark) {
            index = next + 1
            guard next == 0 || startsToken(after: bytes[next - 1]) else { continue }
            let end = bytes[index...].firstIndex { !isNameByte($0) } ?? bytes.count
            if end > index { found.append(index..<end) }
            index = end
        }
        return found
    }

    /// The first place that looks like a key made of an alias, a list, a map or after a `?`.
    private func firstComplexKey(_ aliases: [Range<Int>]) -> Int? {
        let afterAlias = aliases.first { isKeyMark(at: skipBlanks($0.upperBound)) }?.lowerBound
        let others = bytes.indices.first { index in
            switch bytes[index] {
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                return isKeyMark(at: skipBlanks(index + 1))
            case UInt8(ascii: "?"):
                return isExplicitKey(at: index)
            default:
                return false
            }
        }
        return [afterAlias, others].compactMap(\.self).min()
    }

    private func isKeyMark(at index: Int) -> Bool {
        index < bytes.count && bytes[index] == UInt8(ascii: ":")
    }

    private func skipBlanks(_ index: Int) -> Int {
        bytes[index...].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.count
    }

    /// Whether a question mark starts a key; inside brackets it needs no space after it.
    private func isExplicitKey(at index: Int) -> Bool {
        guard index > 0 else { return true }
        guard startsToken(after: bytes[index - 1]) else { return false }
        guard bytes[index - 1] <= 0x20 else { return true }
        guard index + 1 < bytes.count else { return true }
        return bytes[index + 1] <= 0x20 || Array("*&[{!\"'".utf8).contains(bytes[index + 1])
    }

    private func startsToken(after byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: "?"), 0x80...:
            true
        default: false
        }
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func position(of offset: Int) -> SourcePosition {
        let before = bytes[..<offset]
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        // Bytes that continue a character are not counted.
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return SourcePosition(line: line, column: column)
    }
}
