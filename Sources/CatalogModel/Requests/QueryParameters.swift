/// The decoded parameters of a query string, in the order in which they were sent.
package struct QueryParameters: Hashable, Sendable {
    /// One name with its value.
    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    package let parameters: [Parameter]

    /// No parameters.
    package init() {
        parameters = []
    }

    /// Reads what follows the question mark; a name without `=` has an empty value.
    ///
    /// Throws `.badRequest` for malformed encoding and for too many parameters.
    package init(_ query: some StringProtocol) throws(RequestError) {
        var parameters: [Parameter] = []
        // Bytes, because a mark that combines with a separator must not hide it.
        for pair in Substring(query).utf8.split(separator: UInt8(ascii: "&")) {
            guard parameters.count < CatalogLimits.queryParameters else {
                throw .badRequest(
                    "more than \(CatalogLimits.queryParameters) parameters in the query")
            }
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
            ).map { Substring($0) }
            parameters.append(
                Parameter(
                    name: try PercentDecoding.query(parts[0]),
                    value: parts.count > 1 ? try PercentDecoding.query(parts[1]) : ""))
        }
        self.parameters = parameters
    }

    /// The first value of a name, or nil if it was not sent.
    package subscript(name: String) -> String? {
        for parameter in parameters where parameter.name == name { return parameter.value }
        return nil
    }

    /// The first value of a name, or nil if it was not sent or is empty.
    package func nonEmpty(_ name: String) -> String? {
        self[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// All values of a name in order.
    package func all(_ name: String) -> [String] {
        parameters.filter { $0.name == name }.map(\.value)
    }

    /// All values of a name, each split at commas, without surrounding space and empty parts.
    package func list(_ name: String) -> [String] {
        all(name).flatMap { $0.split(separator: ",") }.map { $0.trimmingSpace() }
            .filter { !$0.isEmpty }
    }
}

extension Substring {
    fileprivate func trimmingSpace() -> String {
        let trimmed = drop(while: \.isWhitespace)
        guard let last = trimmed.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(trimmed[...last])
    }
}
