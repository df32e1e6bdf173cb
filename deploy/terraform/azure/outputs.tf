output "address" {
  description = "Where clients find the server: turn:ADDRESS:3478."
  value       = azurerm_public_ip.puente.ip_address
}
