import CatalogModel

/// A JSON Web Token taken apart (RFC 7519), nothing of it believed yet.
struct BearerToken {
    let algorithm: String
    let claims: JSONValue
    /// The bytes that the signature is of.
    let signedPart: [UInt8]
    let signature: [UInt8]

    /// Nil unless the text is three parts of base64url, the first two of them JSON objects.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3,
            let header = Base64URL.decode(String(parts[0])).flatMap(Self.object),
            let claims = Base64URL.decode(String(parts[1])).flatMap(Self.object),
            let signature = Base64URL.decode(String(parts[2])),
            let algorithm = header["alg"]?.stringValue,
            // An extension that must be understood and is not (RFC 7515, section 4.1.11).
            header["crit"] == nil
        else { return nil }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        signedPart = Array("\(parts[0]).\(parts[1])".utf8)
    }

    private static func object(_ bytes: [UInt8]) -> JSONValue? {
        guard let value = try? JSONParser.parse(bytes), value.objectValue != nil else {
            return nil
        }
        return value
    }

    /// The texts of a claim that may be one text or an array of them, by a dotted path.
    ///
    /// A claim whose name itself contains dots is found too.
    func texts(at path: String) -> [String] {
        guard let value = claims[path] ?? claims.value(at: path) else { return [] }
        if let text = value.stringValue { return [text] }
        return (value.arrayValue ?? []).compactMap(\.stringValue)
    }

    /// Whether the token holds at a time in seconds since 1970, as `exp` and `nbf` say.
    func holds(at seconds: Double) -> Bool {
        for name in ["exp", "nbf"] {
            guard let claim = claims[name] else { continue }
            // A time that cannot be read is no permission.
            guard let bound = claim.doubleValue else { return false }
            if name == "exp" ? seconds >= bound : seconds < bound { return false }
        }
        return true
    }

    /// When the token ends, in seconds since 1970; nil for never.
    var end: Double? { claims["exp"]?.doubleValue }
}
