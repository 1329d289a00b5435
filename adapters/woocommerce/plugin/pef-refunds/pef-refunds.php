<?php
/**
 * Plugin Name: PagoEfectivo Refunds
 * Description: Press Refund on an order paid with PagoEfectivo: the money goes back once, and the order tells how far it is.
 * Version: 0.1.0
 * Requires at least: 6.3
 * Requires PHP: 7.4
 * Requires Plugins: woocommerce
 * WC requires at least: 8.2
 * WC tested up to: 8.9
 * Author: The pef-adapters authors
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: pef-refunds
 * Domain Path: /languages
 *
 * This file starts the plugin; each class has its own file below includes/.
 *
 * @package Pef_Refunds
 */

defined( 'ABSPATH' ) || exit;

define( 'PEF_REFUNDS_FILE', __FILE__ );
define( 'PEF_REFUNDS_VERSION', '0.1.0' );

spl_autoload_register(
	static function ( $name ) {
		if ( 0 !== strpos( $name, 'Pef_Refunds\\' ) ) {
			return;
		}
		$slug = strtolower( str_replace( '_', '-', substr( $name, strlen( 'Pef_Refunds\\' ) ) ) );
		$file = __DIR__ . '/includes/class-' . $slug . '.php';
		if ( is_readable( $file ) ) {
			require $file;
		}
	}
);

Pef_Refunds\Plugin::start();
