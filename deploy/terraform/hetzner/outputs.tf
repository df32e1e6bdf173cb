output "address" {
  description = "Where clients find the server: turn:ADDRESS:3478."
  value       = hcloud_primary_ip.puente.ip_address
}
