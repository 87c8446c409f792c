package azurekv

import "os"

// EnvVault is the variable with the address of the vault. Azure's library has no
// variable for it.
const EnvVault = "AZURE_KEYVAULT_URL"

func vaultOfEnvironment() string { return os.Getenv(EnvVault) }
