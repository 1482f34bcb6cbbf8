/// Turns a field's name into the words shown to people.
enum FieldLabel {
    private static let acronyms = ["Id": "ID", "Url": "URL", "Mcp": "MCP"]

    /// Splits camel case and snake case: `agentType` becomes "Agent Type".
    static func words(of name: String) -> String {
        var words: [String] = []
        var word = ""
        for character in name {
            if character == "_" || character.isUppercase {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if character != "_" { word.append(character) }
        }
        if !word.isEmpty { words.append(word) }
        return words.map(capitalized).joined(separator: " ")
    }

    private static func capitalized(_ word: String) -> String {
        let result = word.prefix(1).uppercased() + word.dropFirst()
        return acronyms[result] ?? result
    }
}
