/// The one way in which text is made comparable without regard to case.
package enum Fold {
    /// The text in lower case; pure ASCII that has no capital comes back unchanged.
    package static func fold(_ text: String) -> String {
        var hasUppercase = false
        let bytes = text.utf8.span
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte >= 0x80 { return text.lowercased() }
            if byte.isASCIIUppercase { hasUppercase = true }
        }
        return hasUppercase ? text.lowercased() : text
    }
}
