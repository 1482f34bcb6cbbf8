/// One line of the exposition up to its value: name, suffix and labels, rendered once.
struct Series: Sendable {
    private let prefix: [UInt8]

    /// Renders the name and labels in the given order; label values are escaped.
    init(name: String, labels: [(String, String)]) {
        var prefix: [UInt8] = []
        prefix.append(text: name)
        if !labels.isEmpty {
            prefix.append(UInt8(ascii: "{"))
            for (index, (key, value)) in labels.enumerated() {
                if index > 0 {
                    prefix.append(UInt8(ascii: ","))
                }
                prefix.append(text: key)
                prefix.append(text: "=\"")
                prefix.append(labelValue: value)
                prefix.append(UInt8(ascii: "\""))
            }
            prefix.append(UInt8(ascii: "}"))
        }
        prefix.append(UInt8(ascii: " "))
        self.prefix = prefix
    }

    /// The identity of the series inside its registry.
    var identity: [UInt8] { prefix }

    func render(_ value: Int, into output: inout [UInt8]) {
        output.append(contentsOf: prefix)
        output.append(decimal: value)
        output.append(UInt8(ascii: "\n"))
    }

    /// Renders a value in microseconds as seconds, the unit that Prometheus expects.
    func render(micros value: Int, into output: inout [UInt8]) {
        output.append(contentsOf: prefix)
        output.append(value, fractionDigits: 6)
        output.append(UInt8(ascii: "\n"))
    }
}

extension [UInt8] {
    /// Appends a label value with backslash, quote and newline escaped, as the text format asks.
    fileprivate mutating func append(labelValue text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(text: "\\\\")
            case UInt8(ascii: "\""): append(text: "\\\"")
            case UInt8(ascii: "\n"): append(text: "\\n")
            default: append(byte)
            }
        }
    }

    /// Appends a help text with backslash and newline escaped.
    mutating func append(helpText text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(text: "\\\\")
            case UInt8(ascii: "\n"): append(text: "\\n")
            default: append(byte)
            }
        }
    }
}
