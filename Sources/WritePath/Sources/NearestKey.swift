/// Finds the known key that was probably meant by an unknown one.
enum NearestKey {
    /// A hint such as `; did you mean "enabled"?`, or the list of known keys if none is near.
    static func hint(for key: String, among known: [String]) -> String {
        if let nearest = nearest(to: key, among: known) {
            return "; did you mean \"\(nearest)\"?"
        }
        return "; known keys: " + known.joined(separator: ", ")
    }

    /// The known key with the fewest edits, if a third of its letters or fewer differ.
    static func nearest(to key: String, among known: [String]) -> String? {
        let typed = Array(key.lowercased().unicodeScalars.prefix(longestKey))
        var best: (key: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased().unicodeScalars)
            let distance = edits(typed, letters)
            let allowed = max(1, max(typed.count, letters.count) / 3)
            if distance <= allowed, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.key
    }

    /// Longer keys are cut, so that a hostile key costs no time.
    private static let longestKey = 64

    /// The Levenshtein distance of two words.
    private static func edits(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
