extension Setting {
    static let console = Setting(
        variable: "CATALOG_CONSOLE", standard: "on", choices: ["on", "off"])
}
