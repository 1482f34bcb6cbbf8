package import CatalogModel

/// Which models of a hub a source asks for: `org/model`, `org/*` or `org/pre*`.
package struct HubPatterns: Sendable, Hashable {
    /// One thing to ask the hub for.
    package enum Query: Sendable, Hashable {
        /// The model with this id.
        case model(String)
        /// Every model of an organization whose name begins so.
        case models(author: String, prefix: String)
    }

    package static let includedKey = "includedModels"
    package static let excludedKey = "excludedModels"
    package static let organizationKey = "allowedOrganization"

    package let queries: [Query]
    /// What of the answers is taken: the hub's search finds more than prefixes.
    package let selection: ItemSelection
    /// How often each query counts, as text; for messages.
    package let texts: [String]

    /// Reads the properties of a source; throws for patterns that ask for a whole hub.
    package init(_ settings: ProviderSettings) throws(LoadError) {
        let organization = try settings.text(Self.organizationKey)
        if let organization, !Self.isName(organization) {
            throw settings.error(
                .invalidField, "\(Self.organizationKey) must be the name of an organization")
        }
        let included = try settings.texts(Self.includedKey)
        guard !included.isEmpty else {
            throw settings.error(.missingField, "\(Self.includedKey) is required")
        }
        guard included.count <= SourceLimits.hubPatterns else {
            throw settings.error(
                .tooLarge, "\(Self.includedKey) has more than \(SourceLimits.hubPatterns) patterns")
        }
        var queries: [Query] = []
        var texts: [String] = []
        for text in included {
            let pattern = Self.qualified(text, organization)
            guard let query = Self.query(pattern) else {
                throw settings.error(
                    .invalidField,
                    "\(Self.includedKey): \"\(text)\" must be org/model, org/* or org/prefix*")
            }
            if let organization, !pattern.hasPrefix("\(organization)/") {
                throw settings.error(
                    .invalidField,
                    "\(Self.includedKey): \"\(text)\" is not of \(organization)")
            }
            if !queries.contains(query) {
                queries.append(query)
                texts.append(pattern)
            }
        }
        self.queries = queries
        self.texts = texts
        let excluded = try settings.texts(Self.excludedKey).map { Self.qualified($0, organization) }
        do {
            selection = try ItemSelection(
                included: settings.definition.includedItems,
                excluded: settings.definition.excludedItems + excluded)
        } catch {
            throw settings.error(.invalidField, error.message)
        }
    }

    /// The pattern with the organization in front, where there is one and the pattern names none.
    package static func qualified(_ pattern: String, _ organization: String?) -> String {
        guard let organization, !pattern.contains("/") else { return pattern }
        return "\(organization)/\(pattern)"
    }

    private static func query(_ pattern: String) -> Query? {
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, isName(parts[0]) else { return nil }
        guard parts[1].last == "*" else {
            return isName(parts[1]) ? .model(pattern) : nil
        }
        let prefix = parts[1].dropLast()
        guard prefix.isEmpty || isName(prefix) else { return nil }
        return .models(author: String(parts[0]), prefix: String(prefix))
    }

    /// Whether a text may stand in the path of a request as it is.
    package static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.count <= SourceLimits.hubNameLength && text != "."
            && text != ".."
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
