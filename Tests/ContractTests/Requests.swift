import CatalogModel
import TestSupport
import Testing

/// The headers of a caller who may change things.
let asOperator = ["X-User-Role": "operator", "X-Remote-User": "alice"]

/// A request target from a path and parameters, percent-encoded.
func target(_ path: String, _ parameters: KeyValuePairs<String, String> = [:]) -> String {
    guard !parameters.isEmpty else { return path }
    let pairs = parameters.map { "\(encoded($0.key))=\(encoded($0.value))" }
    return "\(path)?\(pairs.joined(separator: "&"))"
}

/// Text with everything but letters, digits and `-._~` percent-encoded.
func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        let scalar = Unicode.Scalar(byte)
        let isPlain =
            scalar.isASCII && scalar.properties.isAlphabetic
            || "0123456789-._~".unicodeScalars.contains(scalar)
        if isPlain {
            result.unicodeScalars.append(scalar)
        } else {
            let hex = String(byte, radix: 16, uppercase: true)
            result += "%\(hex.count == 1 ? "0" : "")\(hex)"
        }
    }
    return result
}

extension HTTPResponse {
    /// A member of the body's object.
    func body(_ path: String) throws -> JSONValue? { try json().value(at: path) }

    /// Whether this refuses a caller who lacks a right, in the words of the mode of this run.
    func isRefusal() throws -> Bool {
        let message = try body("message")?.stringValue ?? ""
        let isWorded =
            ContractMode.current == .sar
            ? message.hasPrefix("insufficient permissions for ")
            : message == "insufficient permissions"
        return try isWorded && body("error") == "forbidden" && json().objectValue?.count == 2
    }

    /// The items of a list.
    func items() throws -> [JSONValue] {
        try #require(try json()["items"]?.arrayValue, "items must be an array: \(text)")
    }

    /// The names of a list's items.
    func names() throws -> [String] {
        try items().map { try #require($0["name"]?.stringValue) }
    }

    /// The token of the next page, nil at the end.
    func nextToken() throws -> String? {
        try json()["nextPageToken"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension HTTPClient {
    /// The answer of the cache to a read: asks again until the collection has been loaded.
    func hit(_ target: String, headers: [String: String] = [:]) async throws -> HTTPResponse {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let response = try await get(target, headers: headers)
            if response.header("X-Cache") == "HIT" { return response }
            try #require(ContinuousClock.now < end, "no HIT for \(target)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Every name of a list, page by page; fails when pages do not end.
    func walk(
        _ catalog: Catalog, pageSize: Int, _ parameters: [String: String] = [:],
        headers: [String: String] = [:]
    ) async throws -> (names: [String], pages: Int) {
        let connection = try await connect()
        var names: [String] = []
        var pages = 0
        var token: String?
        repeat {
            var path = "\(catalog.list)?pageSize=\(pageSize)"
            for (name, value) in parameters { path += "&\(name)=\(encoded(value))" }
            // Clients put the token into the address as it is.
            if let token { path += "&\(catalog.tokenParameter)=\(token)" }
            let response = try await connection.get(path, headers: headers)
            try #require(response.status == 200, "\(path): \(response.text)")
            names += try response.names()
            token = try response.nextToken()
            pages += 1
            try #require(pages < 1000, "the pages do not end")
        } while token != nil
        return (names, pages)
    }
}
