/// Names of objects and namespaces of Kubernetes, which become parts of paths.
enum KubernetesName {
    /// Whether the text is a name of an object: a DNS subdomain.
    static func isValid(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false)
                .allSatisfy { isLabel($0) }
    }

    /// Whether the text is the name of a namespace: a DNS label.
    static func isNamespace(_ text: String) -> Bool {
        text.utf8.count <= 63 && isLabel(Substring(text))
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard let first = label.utf8.first, let last = label.utf8.last else { return false }
        return first != hyphen && last != hyphen
            && label.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || byte == hyphen
            }
    }
}
