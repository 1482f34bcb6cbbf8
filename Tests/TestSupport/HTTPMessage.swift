package import CatalogModel

/// An answer over HTTP as it came from the socket.
package struct HTTPResponse: Sendable {
    /// One header line.
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package let status: Int
    package let reason: String
    package let fields: [Field]
    package let body: [UInt8]

    /// The value of a header, names in any case; the first one of several.
    package func header(_ name: String) -> String? { values(of: name).first }

    /// Every value of a header in the order of arrival.
    package func values(of name: String) -> [String] {
        let wanted = name.lowercased()
        return fields.filter { $0.name.lowercased() == wanted }.map(\.value)
    }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; throws the parser's error for anything else.
    package func json() throws -> JSONValue { try JSONParser.parse(body) }
}

/// A request that could not be made or whose answer could not be read.
package struct HTTPFailure: Error, CustomStringConvertible {
    package let description: String
}

/// The bytes of a request.
enum HTTPRequestWriter {
    static func bytes(
        _ method: String, _ target: String, port: Int, headers: [String: String], body: [UInt8]?
    ) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        let given = Set(headers.keys.map { $0.lowercased() })
        if !given.contains("host") { text += "Host: 127.0.0.1:\(port)\r\n" }
        if let body, !given.contains("content-length"), !given.contains("transfer-encoding") {
            text += "Content-Length: \(body.count)\r\n"
        }
        if body != nil, !given.contains("content-type") {
            text += "Content-Type: application/json\r\n"
        }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            text += "\(name): \(value)\r\n"
        }
        return Array("\(text)\r\n".utf8) + (body ?? [])
    }
}
