import Yams

/// Reads one YAML document into a tree of values that know their places.
///
/// What JSON cannot say is refused: several documents, keys that are no strings, tags of other
/// schemas, infinite numbers. Time and memory are bounded by `SourceLimits`, aliases included.
package enum YAMLDocument {
    /// The root of the only document in the text; null if the text holds none.
    ///
    /// Throws `.tooLarge`, `.yamlSyntax`, `.duplicateKey` or `.unsupportedYAML`, naming `file`.
    package static func parse(_ text: String, file: String) throws(LoadError) -> YAMLNode {
        try YAMLTextCheck(text: text, file: file).check()
        var conversion = YAMLConversion(file: file)
        guard let root = try compose(text, file: file) else {
            return YAMLNode(value: .null, position: SourcePosition(line: 1, column: 1))
        }
        return try conversion.node(root, depth: 0)
    }

    private static func compose(_ text: String, file: String) throws(LoadError) -> Node? {
        do {
            return try Yams.compose(yaml: text, .basic, .default, .utf8)
        } catch let error as YamlError {
            throw loadError(error, file: file)
        } catch {
            throw LoadError(.yamlSyntax, file: file, "the text is not valid YAML")
        }
    }

    private static func loadError(_ error: YamlError, file: String) -> LoadError {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            return LoadError(.yamlSyntax, file: file, at: SourcePosition(mark), text)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            return LoadError(
                .duplicateKey, file: file, at: SourcePosition(context.mark),
                "the key \"\(key)\" of this map is given more than once")
        case .reader(let problem, let offset, _, let text):
            return LoadError(
                .yamlSyntax, file: file, at: offset.map { position(of: $0, in: text) }, problem)
        default:
            return LoadError(.yamlSyntax, file: file, "the text cannot be read as YAML")
        }
    }

    /// The place of the character with this index.
    private static func position(of offset: Int, in text: String) -> SourcePosition {
        let before = text.prefix(offset).unicodeScalars
        let line = before.count { $0 == "\n" } + 1
        let column = before.reversed().prefix { $0 != "\n" }.count + 1
        return SourcePosition(line: line, column: column)
    }
}
