import CatalogModel

/// A posted form of several parts (RFC 7578), its files as slices of the body.
struct MultipartForm: Sendable {
    /// One field or file.
    struct Part: Sendable {
        let name: String
        let bytes: ArraySlice<UInt8>

        /// The part as text; throws `.badRequest` for anything but UTF-8.
        func text() throws(RequestError) -> String {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badRequest("the part \"\(name)\" is not valid UTF-8")
            }
            return text
        }
    }

    private let parts: [Part]

    /// Takes a body apart; throws `.badRequest` unless it is a complete form.
    init(_ body: [UInt8], contentType: String?) throws(RequestError) {
        guard let header = HeaderValue(contentType ?? ""), header.value == "multipart/form-data",
            let boundary = header.parameters["boundary"],
            (1...ServerLimits.boundaryBytes).contains(boundary.utf8.count)
        else {
            throw .badRequest("the body must be multipart/form-data with a boundary")
        }
        parts = try Self.parts(of: body[...], boundary: Array(boundary.utf8))
    }

    /// The first part of a name.
    subscript(name: String) -> Part? { parts.first { $0.name == name } }

    private static func parts(
        of body: ArraySlice<UInt8>, boundary: [UInt8]
    ) throws(RequestError) -> [Part] {
        let dashes = Array("--".utf8)
        let delimiter = Array("\r\n--".utf8) + boundary
        var parts: [Part] = []
        // The first delimiter may stand at the very beginning, without the line break before it.
        var position: Int
        if body.starts(with: delimiter.dropFirst(2)) {
            position = delimiter.count - 2
        } else if let start = place(of: delimiter, in: body, from: 0) {
            position = start + delimiter.count
        } else {
            throw malformed
        }
        while !body[position...].starts(with: dashes) {
            guard parts.count < ServerLimits.formParts else {
                throw .badRequest("the form has more than \(ServerLimits.formParts) parts")
            }
            let line = try lineEnd(in: body, from: position)
            guard let end = place(of: delimiter, in: body, from: line - 2) else { throw malformed }
            if let part = try part(body[min(line, end + 2)..<(end + 2)]) { parts.append(part) }
            position = end + delimiter.count
        }
        return parts
    }

    /// Reads one part with its headers, the line break before the next delimiter at its end.
    ///
    /// Parts without a name are left out.
    private static func part(_ bytes: ArraySlice<UInt8>) throws(RequestError) -> Part? {
        var position = bytes.startIndex
        var name: String?
        while true {
            let end = try lineEnd(in: bytes, from: position)
            let line = String(decoding: bytes[position..<(end - 2)], as: UTF8.self)
            guard end - bytes.startIndex <= ServerLimits.headerBytes else { throw malformed }
            position = end
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: ":") else { throw malformed }
            guard Fold.fold(String(line[..<colon])) == "content-disposition" else { continue }
            let header = HeaderValue(line[line.index(after: colon)...].trimmingBlanks)
            guard let header, header.value == "form-data" else { throw malformed }
            name = header.parameters["name"]
        }
        // An empty part has no line break of its own before the delimiter.
        let content = bytes[position..<max(position, bytes.endIndex - 2)]
        return name.map { Part(name: $0, bytes: content) }
    }

    /// The place behind the next line break.
    private static func lineEnd(
        in bytes: ArraySlice<UInt8>, from start: Int
    ) throws(RequestError) -> Int {
        guard let end = place(of: [0x0D, 0x0A], in: bytes, from: start) else { throw malformed }
        return end + 2
    }

    private static func place(
        of wanted: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int
    ) -> Int? {
        guard start >= bytes.startIndex, bytes.endIndex - start >= wanted.count else { return nil }
        for position in start...(bytes.endIndex - wanted.count)
        where bytes[position] == wanted[0] && bytes[position...].starts(with: wanted) {
            return position
        }
        return nil
    }

    private static let malformed = RequestError.badRequest("the form is malformed")
}

/// A header's value before its parameters, and these by their names in lower case.
struct HeaderValue: Sendable {
    /// In lower case.
    let value: String
    private(set) var parameters: [String: String] = [:]

    /// Reads `value; name=token; name="quoted"`; nil where that is not the form.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        value = Fold.fold(Self.token(&rest))
        guard !value.isEmpty else { return nil }
        while true {
            Self.skipBlanks(&rest)
            guard let first = rest.popFirst() else { return }
            guard first == UInt8(ascii: ";") else { return nil }
            Self.skipBlanks(&rest)
            let name = Fold.fold(Self.token(&rest))
            if name.isEmpty, rest.isEmpty { return }
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="),
                let value = rest.first == UInt8(ascii: "\"")
                    ? Self.quoted(&rest) : Self.token(&rest)
            else { return nil }
            parameters[name] = value
        }
    }

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    private static func token(_ rest: inout ArraySlice<UInt8>) -> String {
        let separators = Array("; \t=\"".utf8)
        let token = rest.prefix { !separators.contains($0) }
        rest = rest.dropFirst(token.count)
        return String(decoding: token, as: UTF8.self)
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        rest = rest.dropFirst()
        var bytes: [UInt8] = []
        while var byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard let next = rest.popFirst() else { return nil }
                byte = next
            }
            bytes.append(byte)
        }
        return nil
    }
}
