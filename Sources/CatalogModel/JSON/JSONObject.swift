/// A JSON object that keeps the order of its members and has each key once.
///
/// Look-up is linear. Equality ignores the order.
package struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One key with its value.
    package struct Member: Hashable, Sendable {
        package let key: String
        package var value: JSONValue

        /// Pairs a key with a value.
        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package private(set) var members: [Member]

    /// An empty object.
    package init() {
        members = []
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }

    init(distinct members: [Member]) {
        self.members = members
    }

    package var isEmpty: Bool { members.isEmpty }

    package var count: Int { members.count }

    package var keys: [String] { members.map(\.key) }

    /// The value of a key; a new key goes last, nil removes the member.
    package subscript(key: String) -> JSONValue? {
        get {
            for member in members where member.key == key { return member.value }
            return nil
        }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left.members, right.members).allSatisfy { $0 == $1 }
            || left.members.allSatisfy { right[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        var combined = 0
        for member in members { combined ^= member.hashValue }
        hasher.combine(count)
        hasher.combine(combined)
    }
}
