import CatalogModel

/// Lines of text columns that stand below each other.
enum TextTable {
    /// A column: its title, and the path of its value within a row.
    struct Column {
        let title: String
        let path: String

        init(_ title: String, _ path: String) {
            self.title = title
            self.path = path
        }
    }

    /// A line of titles and a line for each row.
    ///
    /// Long cells are cut unless they are what the table is for.
    static func lines(
        _ rows: [JSONValue], _ columns: [Column], isCut: Bool = true
    ) -> [String] {
        let cells = rows.map { row in
            columns.map { isCut ? cell(row.value(at: $0.path)) : text(row.value(at: $0.path)) }
        }
        return aligned([columns.map { $0.title.uppercased() }] + cells)
    }

    /// A line for each row of `member` and `value`, without titles.
    static func pairs(_ rows: [JSONValue]) -> [String] {
        aligned(
            rows.map { row in
                ["\(row["member"]?.stringValue ?? ""):", text(row["value"])]
            })
    }

    /// A line of a row by itself, whose columns are not aligned with those of others.
    static func line(_ row: JSONValue, _ columns: [Column]) -> String {
        columns.map { text(row.value(at: $0.path)) }.joined(separator: "  ")
    }

    private static func aligned(_ lines: [[String]]) -> [String] {
        let count = lines.first?.count ?? 0
        let widths = (0..<count).map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let parts = line.enumerated().map { index, text in
                index == count - 1
                    ? text : text + String(repeating: " ", count: widths[index] - text.count)
            }
            return parts.joined(separator: "  ")
        }
    }

    private static func cell(_ value: JSONValue?) -> String {
        let text = text(value)
        guard text.count > Limits.cellWidth else { return text }
        return "\(text.prefix(Limits.cellWidth - 1))…"
    }

    /// One line of text for a value; what a terminal could take for commands is left out.
    private static func text(_ value: JSONValue?) -> String {
        let text =
            switch value {
            case nil, .null?: "-"
            case .string(let text)?: text
            case .array(let elements)?: elements.map { self.text($0) }.joined(separator: ",")
            case let value?: value.encodedText
            }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
