"""What Shopify's admin and its people open here: installing, our page, and its data."""
