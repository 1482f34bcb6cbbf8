import WritePath

extension ServerConfiguration {
    /// Reads the files of governance; where there is none, the rules of the contract hold.
    static func governance(
        _ reader: ConfigurationReader, onIgnored: (String, String) -> Void
    ) throws(ConfigurationReader.Failure) -> GovernanceRules {
        var rules = GovernanceRules()
        rules.enforcesRoles = try reader.flag(.approvalRoles)
        for setting in [Setting.governanceFile, .approvalPolicies] {
            let path = try reader.text(setting)
            let isThere: Bool
            do throws(LoadError) {
                isThere =
                    setting.variable == Setting.governanceFile.variable
                    ? try GovernanceFiles.load(settings: path, into: &rules)
                    : try GovernanceFiles.load(policies: path, into: &rules)
            } catch {
                throw ConfigurationReader.Failure(description: "\(setting.variable): \(error)")
            }
            if !isThere, reader.isGiven(setting) {
                onIgnored(setting.variable, "there is no file \(path); using the built-in rules")
            }
        }
        return rules
    }
}
